package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Training samples over time as JSON, as docs/formats/over-time.md has it. */
public final class SamplesJson {
  /** The document that a run keeps; it is there only while the lines beside it are its own. */
  public static final String DOCUMENT = "samples.json";

  /** The lines, one a sample. */
  public static final String LINES = "samples.jsonl";

  static final int SHOWN = 10;

  private SamplesJson() {}

  /** The document. */
  public static ObjectNode of(SampleTrajectories found) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-samples/1");
    document.put("model", found.model()).put("data", found.data());
    ArrayNode states = document.putArray("states");
    for (int i = 0; i < found.states().size(); i++) {
      RunState state = found.states().get(i);
      ObjectNode node = states.addObject().put("name", state.name()).put("step", state.step());
      node.put("loss", found.loss(i)).put("right", found.right(i)).put("top", found.topShare(i));
    }
    found.unread().forEach(document.putArray("unread_steps")::add);
    document.put("n", found.samples().size()).put("labels", found.labels());
    ObjectNode classes = document.putObject("classes");
    found.kinds().forEach((kind, count) -> classes.put(lower(kind), count));
    document.put(
        "unforgettable", found.samples().stream().filter(Trajectory::unforgettable).count());
    List<Integer> events =
        found.samples().stream().map(Trajectory::forgettingEvents).filter(e -> e > 0).toList();
    document
        .putObject("forgetting_events")
        .put("samples", events.size())
        .put("total", events.stream().mapToInt(e -> e).sum())
        .put("most", events.stream().mapToInt(e -> e).max().orElse(0));
    List<Trajectory> rose = found.rose();
    document.put("rose", rose.size());
    rose.stream().map(Trajectory::id).forEach(document.putArray("rose_items")::add);
    found.hardest(SHOWN).stream()
        .map(Trajectory::id)
        .forEach(document.putArray("worst_items")::add);
    return document;
  }

  /** Writes one line for each sample. */
  public static void writeLines(SampleTrajectories found, Path file) {
    AtomicFile.write(
        file,
        out -> {
          for (Trajectory sample : found.samples()) {
            out.write((line(sample) + "\n").getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  /** Keeps both in the run's folder for its report, and says so. */
  public static String keep(SampleTrajectories found, Path run) {
    if (!Files.isWritable(run)) {
      return run + " cannot be written to: nothing is kept in it";
    }
    ObjectNode document = of(found);
    RunLedger.sign(document, run);
    RunLedger.replace(run.resolve(DOCUMENT), document, () -> writeLines(found, run.resolve(LINES)));
    return RunLedger.told(run);
  }

  private static ObjectNode line(Trajectory sample) {
    ObjectNode line = Json.mapper().createObjectNode();
    line.put("id", sample.id()).put("labels", sample.labels());
    line.put("class", lower(sample.kind())).put("rose", sample.rose());
    line.put("forgetting_events", sample.forgettingEvents());
    line.put("learning_events", sample.learningEvents());
    if (sample.firstRight().isPresent()) {
      line.put("first_right", sample.firstRight().getAsInt());
    } else {
      line.putNull("first_right");
    }
    line.put("mean_loss", sample.meanLoss());
    ArrayNode loss = line.putArray("loss");
    ArrayNode top = line.putArray("top");
    for (Trajectory.At state : sample.states()) {
      loss.add(state.loss());
      top.add(state.top());
    }
    return line;
  }

  static String lower(Trajectory.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
