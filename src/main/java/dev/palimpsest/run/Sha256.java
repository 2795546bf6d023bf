package dev.palimpsest.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 being computed: bytes go in by pieces, the digest comes out as 64 hex digits. */
public final class Sha256 {
  private static final int CHUNK = 1 << 16;
  private final MessageDigest digest;

  public Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Takes all of the bytes. */
  public Sha256 update(byte[] bytes) {
    digest.update(bytes);
    return this;
  }

  /** Takes {@code length} bytes from {@code offset} on. */
  public Sha256 update(byte[] bytes, int offset, int length) {
    digest.update(bytes, offset, length);
    return this;
  }

  /** Takes what remains in the buffer. */
  public Sha256 update(ByteBuffer bytes) {
    digest.update(bytes);
    return this;
  }

  /** The digest in lower-case hex; the computation starts anew after it. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The digest of the bytes. */
  public static String of(byte[] bytes) {
    return new Sha256().update(bytes).hex();
  }

  /** The digest of a text's UTF-8. */
  public static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The digest of what the stream still holds; the caller closes it. */
  public static String of(InputStream in) throws IOException {
    Sha256 sum = new Sha256();
    byte[] chunk = new byte[CHUNK];
    for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
      sum.update(chunk, 0, n);
    }
    return sum.hex();
  }

  /**
   * The digest of a file.
   *
   * @throws BadInput if there is no such file
   * @throws EnvironmentFailure if it cannot be read
   */
  public static String of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return of(in);
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file", e);
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be read", e);
    }
  }
}
