package dev.palimpsest.measure;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.run.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One side of a ledger as a user names it.
 *
 * @param adapter a PEFT folder
 * @param prompting what stands before every prompt
 */
public record Side(String model, Optional<Path> adapter, Prompting prompting) {
  /** A side that gets its prompts as they are. */
  public Side(String model, Optional<Path> adapter) {
    this(model, adapter, Prompting.NONE);
  }

  /**
   * Reads MODEL or MODEL+ADAPTER, or a model behind an API ({@link Endpoint}). Names of both may
   * hold a plus: the first one that an existing folder follows divides them, unless the whole is a
   * file or folder.
   *
   * @throws BadInput if there is no such adapter folder
   */
  public static Side parse(String text) {
    if (Endpoint.parse(text).isPresent()) {
      return new Side(text, Optional.empty());
    }
    if (text.indexOf('+') < 0 || Files.exists(Path.of(text))) {
      return new Side(text, Optional.empty());
    }
    for (int plus = text.indexOf('+'); plus >= 0; plus = text.indexOf('+', plus + 1)) {
      String folder = text.substring(plus + 1);
      if (!folder.isBlank() && Files.isDirectory(Path.of(folder))) {
        return new Side(text.substring(0, plus), Optional.of(Path.of(folder)));
      }
    }
    throw new BadInput(
        text + ": no adapter folder " + Path.of(text.substring(text.lastIndexOf('+') + 1)));
  }

  /** Where it is asked, if that is elsewhere. */
  public Optional<Endpoint> endpoint() {
    return Endpoint.parse(model);
  }

  /** The same with something before every prompt. */
  public Side prompted(Prompting other) {
    return new Side(model, adapter, other);
  }

  /** Why probes cannot be put to it; empty if they can. */
  List<String> problems(List<Probe> probes) {
    List<String> found = new ArrayList<>();
    for (Probe probe : probes) {
      List<Prompt> prompts = probe.items().stream().flatMap(item -> item.asks().stream()).toList();
      if (!prompting.equals(Prompting.NONE)
          && prompts.stream().anyMatch(Prompt.Raw.class::isInstance)) {
        found.add(
            "probe " + probe.name() + " has raw prompts, which go on from their own text alone");
      }
      if (prompting.system().isPresent() && prompts.stream().anyMatch(Side::hasSystem)) {
        found.add("probe " + probe.name() + " has a system text of its own");
      }
      Set<String> shown = Overlap.of(prompting, probes).of(probe);
      if (!shown.isEmpty()) {
        found.add(
            "probe %s: %d of its items are among the examples: show other rows"
                .formatted(probe.name(), shown.size()));
      }
    }
    return found;
  }

  private static boolean hasSystem(Prompt prompt) {
    return prompt instanceof Prompt.Chat chat
        && chat.messages().getFirst().role().equals(Prompting.SYSTEM);
  }

  /** As the user names it, and what stands before its prompts. */
  @Override
  public String toString() {
    String told = prompting.told();
    return model
        + adapter.map(folder -> "+" + folder).orElse("")
        + (told.isEmpty() ? "" : " with " + told);
  }
}
