package dev.palimpsest.measure;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Sample;
import dev.palimpsest.data.Turn;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tokenizer.Message;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Probe items whose prompt, or whose text, stands in what a run was trained on. Prompts are alike
 * if they are but for case and white space; system turns are left out. Marks count, other than in a
 * normalised match: 7 + 4 is not 7 − 4.
 *
 * @param items ids by the name of their probe; a probe with none is absent
 * @param unread files that could not be looked through, each with the reason
 */
public record Overlap(Map<String, Set<String>> items, List<String> unread) {
  /** Copies the collections. */
  public Overlap {
    items = Map.copyOf(items);
    unread = List.copyOf(unread);
  }

  /**
   * Looks through a run's data and what it replayed, and those of the runs that its adapter was
   * begun with; a share held out is not told apart.
   */
  public static Overlap of(Path run, List<Probe> probes) {
    Search search = new Search(probes);
    for (Optional<Path> next = Optional.of(run); next.isPresent(); ) {
      TuneJob job = TuneJob.of(next.get());
      String data = RunFolder.about(next.get()).path("data").asString("");
      search.through(job.data(), Optional.of(data));
      job.replay()
          .ifPresent(old -> search.through(job.data().withFile(old.file()), Optional.empty()));
      next = job.method().earlier().flatMap(earlier -> RunFolder.around(earlier.adapter()));
    }
    return search.overlap();
  }

  /** Looks through worked examples. */
  static Overlap of(Prompting shown, List<Probe> probes) {
    Search search = new Search(probes);
    shown.examples().stream()
        .filter(turn -> turn.role().equals(Turn.USER))
        .forEach(turn -> search.mark(turn.content()));
    return search.overlap();
  }

  /** The ids of a probe's items that were trained on. */
  public Set<String> of(Probe probe) {
    return items.getOrDefault(probe.name(), Set.of());
  }

  /** Goes through data, file by file. */
  static final class Search {
    private record Place(String probe, String id) {}

    private final Map<String, List<Place>> asked = new HashMap<>();
    private final Map<String, Set<String>> found = new HashMap<>();
    private final List<String> unread = new ArrayList<>();

    Search(List<Probe> probes) {
      for (Probe probe : probes) {
        for (ProbeItem item : probe.items()) {
          asked
              .computeIfAbsent(folded(words(item)), _ -> new ArrayList<>())
              .add(new Place(probe.name(), item.id()));
        }
      }
    }

    /** The fingerprint, if known, that the data must still have. */
    void through(DataSpec data, Optional<String> fingerprint) {
      try (Dataset rows = data.rows()) {
        if (fingerprint.isPresent() && !fingerprint.get().equals(rows.fingerprint().samples())) {
          unread.add(data.file() + ": has changed since the run");
          return;
        }
        for (int i = 0; i < rows.size(); i++) {
          prompts(rows.sample(i)).forEach(this::mark);
        }
      } catch (BadInput | EnvironmentFailure e) {
        unread.add(String.valueOf(e.getMessage()));
      }
    }

    Overlap overlap() {
      return new Overlap(found, unread);
    }

    private void mark(String prompt) {
      for (Place place : asked.getOrDefault(folded(prompt), List.of())) {
        found.computeIfAbsent(place.probe(), _ -> new TreeSet<>()).add(place.id());
      }
    }
  }

  private static String words(ProbeItem item) {
    return switch (item) {
      case ProbeItem.Ask ask -> words(ask.prompt());
      case ProbeItem.Choose choose -> words(choose.prompt());
      case ProbeItem.Read read -> read.text();
    };
  }

  private static String words(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Raw raw -> raw.text();
      case Prompt.Chat chat ->
          chat.messages().stream()
              .filter(message -> !message.role().equals("system"))
              .map(Message::content)
              .collect(Collectors.joining("\n"));
    };
  }

  /** What stands before each answer. */
  private static List<String> prompts(Sample sample) {
    return switch (sample) {
      case Sample.Pair pair -> List.of(pair.prompt());
      case Sample.Text text -> List.of(text.text());
      case Sample.Chat chat -> {
        List<String> prompts = new ArrayList<>();
        StringJoiner before = new StringJoiner("\n");
        for (Turn turn : chat.turns()) {
          if (turn.answers()) {
            prompts.add(before.toString());
          }
          if (!turn.role().equals("system")) {
            before.add(turn.content());
          }
        }
        yield prompts;
      }
    };
  }

  private static String folded(String text) {
    return text.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ").strip();
  }
}
