package dev.palimpsest.model;

import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A wheel for tests, with a RECORD that is right unless a test says otherwise. */
final class FakeWheel {
  private final String module;
  private final String version;
  private final Map<String, String> entries = new LinkedHashMap<>();
  private final Map<String, String> recorded = new LinkedHashMap<>();
  private String metadata;

  FakeWheel(String module, String version) {
    this.module = module;
    this.version = version;
    this.metadata = "Metadata-Version: 2.4\nName: " + module + "\n";
  }

  FakeWheel entry(String name, String content) {
    entries.put(name, content);
    recorded.put(name, content);
    return this;
  }

  /** An entry whose RECORD line was made for another content. */
  FakeWheel entryRecordedAs(String name, String content, String other) {
    entries.put(name, content);
    recorded.put(name, other);
    return this;
  }

  FakeWheel header(String line) {
    metadata += line + "\n";
    return this;
  }

  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(module + "-" + version + "-py3-none-any.whl");
    String info = module + "-" + version + ".dist-info/";
    StringBuilder record = new StringBuilder();
    recorded.forEach((name, content) -> record.append(recordLine(name, content)));
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        put(zip, entry.getKey(), entry.getValue());
      }
      put(zip, info + "METADATA", metadata + "\nLicense: not this one, it is the description\n");
      put(zip, info + "RECORD", record + info + "RECORD,,\n");
    }
    return file;
  }

  private static String recordLine(String name, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    byte[] sum = HexFormat.of().parseHex(Sha256.of(bytes));
    String coded = Base64.getUrlEncoder().withoutPadding().encodeToString(sum);
    return name + ",sha256=" + coded + "," + bytes.length + "\n";
  }

  private static void put(ZipOutputStream zip, String name, String content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }
}
