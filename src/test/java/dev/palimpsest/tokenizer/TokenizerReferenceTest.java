package dev.palimpsest.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.RealModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Token ids over 5 MB against llama.cpp and Hugging Face (reference/tokenizer.py). */
class TokenizerReferenceTest {
  @Test
  void encode_defaultModel_isLlamaCpp() throws IOException {
    Tokenizer tokenizer = Tokenizer.of(StoredVocabulary.read(RealModel.gguf()));

    assertThat(assertSame(tokenizer, "smollm2-gguf")).isGreaterThan(5_000_000);
  }

  @Test
  void encode_vocabulariesByFamily_isLlamaCpp() throws IOException, InterruptedException {
    Map<String, byte[]> files =
        RealPackages.files(
            RealPackages.LLAMA_CPP, path -> path.matches(".*/models/ggml-vocab-[^/]*\\.gguf"));
    List<String> names =
        List.of("llama-spm", "llama-bpe", "qwen2", "gpt-2", "starcoder", "command-r", "gpt-neox");
    for (String name : names) {
      String path =
          files.keySet().stream()
              .filter(p -> p.endsWith("/ggml-vocab-" + name + ".gguf"))
              .findFirst()
              .orElseThrow();
      Tokenizer tokenizer = Tokenizer.of(StoredVocabulary.read(files.get(path)));

      assertSame(tokenizer, name);
    }
  }

  @Test
  void encode_tokenizerJson_isHuggingFace() throws IOException, InterruptedException {
    byte[] json =
        RealPackages.files(RealPackages.LITELLM, p -> p.endsWith("/anthropic_tokenizer.json"))
            .values()
            .iterator()
            .next();
    Tokenizer tokenizer = Tokenizer.ofJson(new String(json, StandardCharsets.UTF_8));

    assertSame(tokenizer, "anthropic");
  }

  /** Compares part by part; tells how many bytes of text were compared. */
  private static int assertSame(Tokenizer tokenizer, String name) {
    JsonNode expected = TokenizerText.read("tokenizer-" + name + ".json");
    assertThat(expected.size()).isGreaterThan(5);
    int bytes = 0;
    for (int part = 0; part < expected.size(); part++) {
      String text = TokenizerText.part(part);
      JsonNode row = expected.get(part);
      assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSize(row.get("bytes").asInt());
      bytes += row.get("bytes").asInt();
      int[] ids = tokenizer.encode(text);
      assertThat(ids.length).as("%s part %s", name, part).isEqualTo(row.get("tokens").asInt());
      assertThat(sha256(ids)).as("%s part %s", name, part).isEqualTo(row.get("sha256").asString());
    }
    return bytes;
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
