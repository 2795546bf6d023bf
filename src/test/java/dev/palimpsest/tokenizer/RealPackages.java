package dev.palimpsest.tokenizer;

import dev.palimpsest.PinnedPackage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Packages that carry vocabularies and chat templates of real models. */
final class RealPackages {
  /** llama.cpp's sources: vocabularies by family, and templates. */
  static final PinnedPackage LLAMA_CPP =
      new PinnedPackage(
          "llama-cpp-python==0.3.36",
          "llama_cpp_python-0.3.36.tar.gz",
          "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e");

  /** Templates, as models carry them and adapted to training. */
  static final PinnedPackage TRL =
      new PinnedPackage(
          "trl==1.16.0",
          "trl-1.16.0-py3-none-any.whl",
          "c4726e139dd40e1a41661511c639c8a68416782b2e3e8c0befebd77bb7ba0396");

  /** A tokenizer.json with a normalizer and byte-level BPE. */
  static final PinnedPackage LITELLM =
      new PinnedPackage(
          "litellm==1.60.0",
          "litellm-1.60.0-py3-none-any.whl",
          "e8284f5cc74ae1aed77516cdfbb2db3746d50c4ba055fb21358e6e25aea25a15");

  private RealPackages() {}

  /** The files of a package whose path is wanted, by path. */
  static Map<String, byte[]> files(PinnedPackage source, Predicate<String> wanted)
      throws IOException, InterruptedException {
    Map<String, byte[]> files = new TreeMap<>();
    if (source.file().endsWith(".whl")) {
      try (ZipFile zip = new ZipFile(source.archive().toFile())) {
        for (ZipEntry entry : zip.stream().filter(e -> wanted.test(e.getName())).toList()) {
          files.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
        }
      }
    } else {
      try (InputStream in =
          new BufferedInputStream(
              new GZIPInputStream(Files.newInputStream(source.archive()), 1 << 16))) {
        readTar(in, wanted, files);
      }
    }
    return files;
  }

  /** POSIX.1-2001: blocks of 512 bytes; a header of type "x" has a longer path for the next. */
  private static void readTar(InputStream in, Predicate<String> wanted, Map<String, byte[]> files)
      throws IOException {
    byte[] header = in.readNBytes(512);
    String longer = "";
    while (header.length == 512 && header[0] != 0) {
      String prefix = text(header, 345, 155);
      String name = (prefix.isEmpty() ? "" : prefix + "/") + text(header, 0, 100);
      name = longer.isEmpty() ? name : longer;
      int size = Integer.parseInt(text(header, 124, 12).strip(), 8);
      boolean extended = header[156] == 'x';
      longer = "";
      if (extended || wanted.test(name)) {
        byte[] content = in.readNBytes(size);
        if (extended) {
          longer = path(new String(content, StandardCharsets.UTF_8));
        } else {
          files.put(name, content);
        }
      } else {
        in.skipNBytes(size);
      }
      in.skipNBytes((512 - size % 512) % 512);
      header = in.readNBytes(512);
    }
  }

  /** The path in records of the form "LENGTH KEY=VALUE". */
  private static String path(String records) {
    for (String record : records.split("\n", -1)) {
      int key = record.indexOf(" path=");
      if (key > 0) {
        return record.substring(key + 6);
      }
    }
    return "";
  }

  private static String text(byte[] header, int start, int length) {
    int end = start;
    while (end < start + length && header[end] != 0) {
      end++;
    }
    return new String(header, start, end - start, StandardCharsets.UTF_8);
  }
}
