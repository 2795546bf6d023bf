package dev.palimpsest.run;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;

/** Which build of the program this is. */
public final class Build {
  private Build() {}

  /** The version that the build wrote into the jar. */
  public static String version() {
    return Optional.ofNullable(Build.class.getPackage().getImplementationVersion())
        .orElse("unreleased");
  }

  /**
   * Version and SHA-256 of the jar, which is the same bytes for the same sources: what changes
   * between two builds of one version may change the last bits of an answer. Loose classes have no
   * fingerprint.
   */
  public static String fingerprint() {
    return jar().map(jar -> version() + " " + Sha256.of(jar)).orElse(version());
  }

  private static Optional<Path> jar() {
    CodeSource source = Build.class.getProtectionDomain().getCodeSource();
    if (source == null || !source.getLocation().getProtocol().equals("file")) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(source.getLocation().toURI())).filter(Files::isRegularFile);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }
}
