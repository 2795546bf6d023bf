package dev.palimpsest.model;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/** What {@code reference/gguf_blocks.py} wrote. */
final class GgufReference {
  private GgufReference() {}

  static JsonNode document() {
    try (InputStream in = GgufReference.class.getResourceAsStream("/reference/gguf.json")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      return Json.parse(new String(bytes, StandardCharsets.UTF_8), "gguf.json");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] model() {
    return Base64.getDecoder().decode(document().path("model").path("file").asString());
  }

  static Path modelIn(Path folder) throws IOException {
    return Files.write(folder.resolve("tiny.gguf"), model());
  }

  static byte[] bytes(JsonNode hex) {
    return HexFormat.of().parseHex(hex.asString());
  }
}
