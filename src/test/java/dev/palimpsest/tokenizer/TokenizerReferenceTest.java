package dev.palimpsest.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.RealModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Token ids over 5 MB against llama.cpp and Hugging Face (reference/tokenizer.py). */
class TokenizerReferenceTest {
  @Test
  void encode_defaultModel_isLlamaCpp() throws IOException {
    Tokenizer tokenizer = Tokenizer.of(StoredVocabulary.read(RealModel.gguf()));

    assertSame(tokenizer, "smollm2-gguf");
  }

  static void assertSame(Tokenizer tokenizer, String name) {
    JsonNode expected = TokenizerText.read("tokenizer-" + name + ".json");
    assertThat(expected.size()).isEqualTo(TokenizerText.PARTS);
    for (int part = 0; part < TokenizerText.PARTS; part++) {
      int[] ids = tokenizer.encode(TokenizerText.part(part));
      JsonNode row = expected.get(part);
      assertThat(ids.length).as("%s part %s", name, part).isEqualTo(row.get("tokens").asInt());
      assertThat(sha256(ids)).as("%s part %s", name, part).isEqualTo(row.get("sha256").asString());
    }
  }

  private static String sha256(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
