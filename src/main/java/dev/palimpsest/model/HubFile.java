package dev.palimpsest.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * One file of a repository on the hub.
 *
 * @param algorithm of {@code digest}: SHA-256 of the content where the file is kept apart (Git
 *     LFS), SHA-1 of Git's own blob else
 */
record HubFile(String name, long bytes, Algorithm algorithm, String digest) {
  private static final int CHUNK = 1 << 16;

  enum Algorithm {
    SHA256("SHA-256"),
    GIT_BLOB("SHA-1");

    private final String platformName;

    Algorithm(String platformName) {
      this.platformName = platformName;
    }
  }

  /** The digest that a file on disk has, in the hub's way of counting. */
  String digestOf(Path file) throws IOException {
    MessageDigest sum;
    try {
      sum = MessageDigest.getInstance(algorithm.platformName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has " + algorithm.platformName, e);
    }
    if (algorithm == Algorithm.GIT_BLOB) {
      sum.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
    }
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        sum.update(chunk, 0, n);
      }
    }
    return HexFormat.of().formatHex(sum.digest());
  }
}
