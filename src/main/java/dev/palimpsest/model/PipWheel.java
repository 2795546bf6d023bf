package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * A wheel: a zip file whose {@code RECORD} has size and SHA-256 of every entry (the binary
 * distribution format of Python packages). Entries are copied out one by one and checked; nothing
 * is unpacked by its own path.
 */
final class PipWheel implements AutoCloseable {
  private static final Pattern FILE_NAME = Pattern.compile("([^-]+)-([^-]+)(-[^-]+)+\\.whl");
  private static final Pattern PINNED =
      Pattern.compile("([A-Za-z0-9._-]+)\\s*\\(?==\\s*([^\\s;)]+)\\)?");
  private static final int LONGEST_TEXT = 1 << 20;
  private static final int CHUNK = 1 << 16;

  private final Path file;
  private final ZipFile zip;
  private final Map<String, Recorded> record;
  private final String metadata;

  private record Recorded(String sha256, long bytes) {}

  private PipWheel(Path file, ZipFile zip) throws IOException {
    this.file = file;
    this.zip = zip;
    for (String name : names()) {
      if (name.startsWith("/") || name.contains("\\") || List.of(name.split("/")).contains("..")) {
        throw new BadInput(file.getFileName() + ": entry '" + name + "' leads out of the wheel");
      }
    }
    this.record = readRecord(text(only(".dist-info/RECORD")));
    this.metadata = text(only(".dist-info/METADATA")).split("\r?\n\r?\n", 2)[0];
  }

  /**
   * Opens a wheel.
   *
   * @throws BadInput if it is truncated, or otherwise no wheel
   */
  static PipWheel open(Path file) throws IOException {
    @Nullable ZipFile zip = null;
    boolean opened = false;
    try {
      zip = new ZipFile(file.toFile());
      PipWheel wheel = new PipWheel(file, zip);
      opened = true;
      return wheel;
    } catch (ZipException e) {
      throw new BadInput(file.getFileName() + ": no whole wheel: " + e.getMessage(), e);
    } finally {
      if (!opened && zip != null) {
        zip.close();
      }
    }
  }

  /** The version in the wheel's file name. */
  String version() {
    Matcher name = FILE_NAME.matcher(String.valueOf(file.getFileName()));
    if (!name.matches()) {
      throw new BadInput(file.getFileName() + ": not the name of a wheel");
    }
    return name.group(2);
  }

  /** The names of all entries. */
  List<String> names() {
    return zip.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName).toList();
  }

  /** The licence that the package states. */
  Optional<String> license() {
    return Stream.of("License-Expression", "License")
        .flatMap(this::headers)
        .filter(text -> !text.isBlank() && text.length() <= 100)
        .findFirst();
  }

  /** The packages of one exact version that this one always needs. */
  List<PullSource.Wheel> pinned() {
    return headers("Requires-Dist")
        .map(PINNED::matcher)
        .filter(Matcher::matches)
        .map(pin -> PullSource.wheel(pin.group(1) + "==" + pin.group(2)))
        .toList();
  }

  private Stream<String> headers(String name) {
    String start = name.toLowerCase(Locale.ROOT) + ":";
    return metadata
        .lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
        .map(line -> line.substring(start.length()).strip());
  }

  /** The size of an entry in bytes, as RECORD has it. */
  long bytes(String name) {
    return recorded(name).bytes();
  }

  /**
   * Copies an entry.
   *
   * @throws BadInput if it is longer than, or differs from, what RECORD says; what was written must
   *     then be thrown away
   */
  void copy(String name, OutputStream out) throws IOException {
    Recorded expected = recorded(name);
    Sha256 sum = new Sha256();
    long left = expected.bytes();
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = stream(name)) {
      for (int n = in.read(chunk); n >= 0 && left >= n; n = in.read(chunk)) {
        out.write(chunk, 0, n);
        sum.update(chunk, 0, n);
        left -= n;
      }
    } catch (ZipException e) {
      throw new BadInput(file.getFileName() + ": entry '" + name + "': " + e.getMessage(), e);
    }
    String found = sum.hex();
    if (!found.equals(expected.sha256())) {
      throw new BadInput(
          file.getFileName()
              + ": entry '"
              + name
              + "' has SHA-256 "
              + found
              + ", its RECORD says "
              + expected.sha256());
    }
  }

  /** A short entry as text. */
  String text(String name) throws IOException {
    try (InputStream in = stream(name)) {
      return new String(in.readNBytes(LONGEST_TEXT), StandardCharsets.UTF_8);
    }
  }

  private InputStream stream(String name) throws IOException {
    @Nullable ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new BadInput(file.getFileName() + ": has no entry '" + name + "'");
    }
    return zip.getInputStream(entry);
  }

  private String only(String suffix) {
    List<String> found = names().stream().filter(name -> name.endsWith(suffix)).toList();
    if (found.size() != 1) {
      throw new BadInput(file.getFileName() + ": no wheel: it has " + found.size() + " " + suffix);
    }
    return found.getFirst();
  }

  private Recorded recorded(String name) {
    Recorded recorded = record.get(name);
    if (recorded == null) {
      throw new BadInput(file.getFileName() + ": entry '" + name + "' is not in its RECORD");
    }
    return recorded;
  }

  private static Map<String, Recorded> readRecord(String text) {
    Map<String, Recorded> all = new HashMap<>();
    Pattern line = Pattern.compile("\"?(.*?)\"?,sha256=([\\w-]+),(\\d{1,18})");
    text.lines()
        .map(line::matcher)
        .filter(Matcher::matches)
        .forEach(
            m -> {
              byte[] sum = Base64.getUrlDecoder().decode(m.group(2));
              all.put(
                  m.group(1),
                  new Recorded(HexFormat.of().formatHex(sum), Long.parseLong(m.group(3))));
            });
    return all;
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
