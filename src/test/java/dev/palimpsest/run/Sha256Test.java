package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class Sha256Test {
  // FIPS 180-4, example "abc"
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void of_everyWayIn_givesThePublishedDigest() throws IOException {
    byte[] abc = "abc".getBytes(StandardCharsets.US_ASCII);
    assertThat(Sha256.of(abc)).isEqualTo(ABC);
    assertThat(Sha256.of(new ByteArrayInputStream(abc))).isEqualTo(ABC);
    Sha256 sum = new Sha256();
    assertThat(sum.update(abc, 0, 1).update(ByteBuffer.wrap(abc, 1, 2)).hex()).isEqualTo(ABC);
  }

  @Test
  void of_missingFile_isBadInput() {
    assertThatThrownBy(() -> Sha256.of(Path.of("no/such")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no/such");
  }
}
