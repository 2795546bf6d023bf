package dev.palimpsest.report;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.HeldLedger;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.JudgeTally;
import dev.palimpsest.measure.Judged;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.Metric;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.Overlap;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.Side;
import dev.palimpsest.measure.Skipped;
import dev.palimpsest.measure.Threshold;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Made-up ledgers and pages of the shape that real ones have. */
final class SampleReport {
  static final String HOSTILE = "</dd><script>alert('x')</script> & \"q\" \u0007\u202e";

  /** What a recovery probe found. */
  static final String RECOVERY =
      """
      {"format": "palimpsest-recovery/1", "verdict": "suppressed",
       "lost": {"shown": {"right": 19, "n": 20, "share": 0.95, "ci95": [0.751, 0.999]},
                "asked": {"right": 15, "n": 20, "share": 0.75, "ci95": [0.509, 0.913]}},
       "never_known": {"shown": {"right": 18, "n": 20, "share": 0.9, "ci95": [0.683, 0.988]},
                       "asked": {"right": 4, "n": 20, "share": 0.2, "ci95": [0.057, 0.437]}},
       "turned_back": {"right": 3, "n": 20, "share": 0.15, "ci95": [0.032, 0.379]},
       "difference": 0.55, "ci95": [0.251, 0.742], "fisher_p": 0.0012, "learned": true,
       "probes": [], "probes_left_out": []}
      """;

  private SampleReport() {}

  /** A made-up document of a search or a sequence. */
  static JsonNode document(String name) {
    try (InputStream in =
        Objects.requireNonNull(
            SampleReport.class.getResourceAsStream("/pages/" + name + ".json"), name)) {
      return Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A page with every section in it. */
  static ReportData full() {
    return new ReportData(
        "Form and facts: what two tasks cost",
        "LoRA learned both tasks; without replay it lost 7 to 10 points of what the base could do,"
            + " with a tenth of replay the loss cannot be told from none.",
        List.of(
            arm("LoRA", "form", 1, new PairedCounts(60, 40, 12, 88)),
            arm("LoRA + replay", "form", 2, new PairedCounts(95, 5, 4, 96)),
            arm("LoRA", "facts", 3, new PairedCounts(70, 30, 9, 91)),
            arm("LoRA + replay", "facts", 4, new PairedCounts(92, 8, 6, 94))),
        List.of(
            text("Base-written, under LoRA \u00b7 form", 5),
            text("The same, under LoRA + replay \u00b7 form", 6)),
        settings());
  }

  private static ArmReport arm(String name, String task, int seed, PairedCounts kept) {
    Ledger ledger =
        new Ledger(
            List.of(
                probe(task, ProbeKind.GAIN, new PairedCounts(14, 2, 90 + 10 * seed, 94), seed),
                probe("arithmetic", ProbeKind.RETENTION, kept, seed + 10),
                probe("common-sense", ProbeKind.RETENTION, new PairedCounts(80, 6, 5, 9), seed),
                texts("news")),
            Optional.of(divergence("base-written text", seed)),
            Optional.of(divergence("prompts of the probes", seed + 20)));
    PathPoint end = PathPoint.of(name, ledger).orElseThrow();
    return ArmReport.of(name, task, ledger)
        .withDial(path(end, "scale ", 0.25, seed))
        .withCheckpoints(path(end, "step ", 50, seed + 1))
        .withCurve(curve(200, seed))
        .withCost(
            List.of(
                new Fact("time", Numbers.duration(187)),
                new Fact("trained tokens", Numbers.count(96_412)),
                new Fact("tokens a second", Numbers.fixed(515.6, 1)),
                new Fact("peak memory", Numbers.bytes(1_480_000_000))));
  }

  private static List<PathPoint> path(PathPoint end, String label, double step, int seed) {
    List<PathPoint> points = new ArrayList<>();
    double bend = 1 + 0.4 * (seed % 3);
    for (int i = 0; i <= 4; i++) {
      String at = label + Numbers.fixed(i * step, step < 1 ? 2 : 0);
      double share = i / 4.0;
      points.add(
          new PathPoint(
              at,
              end.gain() * Math.pow(share, 1 / bend),
              Optional.empty(),
              end.loss() * Math.pow(share, bend),
              Optional.empty()));
    }
    return points;
  }

  static List<LossPoint> curve(int steps, int seed) {
    Random random = new Random(seed);
    List<LossPoint> points = new ArrayList<>();
    for (int i = 1; i <= steps; i++) {
      double loss = 0.4 + 2.6 * Math.exp(-i / 40.0) + 0.12 * random.nextGaussian();
      OptionalDouble heldOut = i % 50 == 0 ? OptionalDouble.of(loss + 0.1) : OptionalDouble.empty();
      points.add(new LossPoint(i, Math.abs(loss), heldOut));
    }
    return points;
  }

  /** A probe whose rows agree with its counts. */
  static ProbeResult probe(String name, ProbeKind kind, PairedCounts counts, int seed) {
    Random random = new Random(seed);
    List<ProbeItem> items = new ArrayList<>();
    List<ItemRow> rows = new ArrayList<>();
    for (int i = 0; i < counts.n(); i++) {
      boolean kept = i < counts.kept();
      boolean lost = !kept && i < counts.kept() + counts.lost();
      boolean won = !kept && !lost && i < counts.kept() + counts.lost() + counts.won();
      String id = name + "-" + i;
      int a = 10 + random.nextInt(90);
      int b = 10 + random.nextInt(90);
      boolean loops = lost && i % 7 == 0;
      String wrong = loops ? "SELECT ".repeat(40) : "The answer is " + (a + b + 10) + ".";
      items.add(
          new ProbeItem.Ask(
              id,
              Optional.of(i % 2 == 0 ? "even" : "odd"),
              Prompt.Chat.of("What is " + a + " plus " + b + "?"),
              "The answer is " + (a + b) + ".",
              Metric.EXACT));
      String right = "The answer is " + (a + b) + ".";
      rows.add(
          new ItemRow(
              name,
              id,
              kept || lost ? 1 : 0,
              kept || won ? 1 : 0,
              Optional.of(kept || lost ? right : wrong),
              Optional.of(kept || won ? right : i % 5 == 0 ? HOSTILE : wrong),
              false,
              loops));
    }
    SortedMap<String, Outcome> slices = new TreeMap<>();
    slices.put("even", new Outcome.Rates(half(counts)));
    slices.put("odd", new Outcome.Rates(half(counts)));
    return new ProbeResult(
        new Probe(name, kind, Path.of(""), items),
        List.of("exact"),
        new Outcome.Rates(counts),
        Optional.empty(),
        slices,
        rows);
  }

  private static PairedCounts half(PairedCounts all) {
    return new PairedCounts(
        all.kept() / 2 + 1, all.lost() / 2, all.won() / 2, all.neither() / 2 + 1);
  }

  private static ProbeResult texts(String name) {
    Divergence along = divergence(name, 9);
    return new ProbeResult(
        new Probe(
            name,
            ProbeKind.RETENTION,
            Path.of(""),
            List.of(new ProbeItem.Read("1", Optional.empty(), "text"))),
        List.of("bits_per_byte"),
        along.bits().orElseThrow(),
        Optional.empty(),
        new TreeMap<>(),
        List.of());
  }

  private static Divergence divergence(String on, int seed) {
    Random random = new Random(seed);
    List<Divergence.Text> texts = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      double before = 300 + 40 * random.nextDouble();
      texts.add(
          new Divergence.Text(
              4 + 3 * random.nextDouble(),
              128,
              before,
              before + 8 * random.nextDouble(),
              420,
              110 + random.nextInt(18)));
    }
    return Divergence.of(on, texts);
  }

  static ColouredText text(String caption, int seed) {
    Random random = new Random(seed);
    String words =
        "The river had been rising since morning , and by the time the last of the lamps was lit"
            + " the water stood a hand below the bridge .\n"
            + "Nobody in the town could say when it had last come so high ; the old ones spoke of a"
            + " spring before the war , and of a boat tied to the door of the church .";
    List<ColouredText.TokenChange> tokens = new ArrayList<>();
    for (String word : words.split("(?= )", -1)) {
      double before = -3 * random.nextDouble();
      double change = Math.pow(random.nextGaussian(), 3) * 0.6;
      tokens.add(new ColouredText.TokenChange(word, before, Math.min(-0.001, before + change)));
    }
    return new ColouredText(caption, "Write the opening of a story. \n", tokens);
  }

  private static List<Fact> settings() {
    return List.of(
        new Fact("model", "smollm2"),
        new Fact(
            "base (SHA-256)", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        new Fact("method", "lora"),
        new Fact("rank", "16"),
        new Fact("seed", "1"),
        new Fact("java", "25.0.1+8"));
  }

  /** A ledger with all that its document may hold, and nothing lost beyond doubt. */
  static ArmReport whole() {
    List<ProbeResult> probes =
        List.of(
            probe("form", ProbeKind.GAIN, new PairedCounts(4, 2, 40, 14), 1),
            probe("common", ProbeKind.RETENTION, new PairedCounts(40, 5, 3, 12), 2),
            probe("sums", ProbeKind.RETENTION, new PairedCounts(20, 9, 9, 22), 3),
            probe("facts", ProbeKind.RETENTION, new PairedCounts(8, 4, 6, 42), 4),
            texts("news"));
    Ledger ledger =
        new Ledger(
            probes,
            Optional.of(divergence("base-written text", 1)),
            Optional.of(divergence("sampled answers to gain probes' prompts", 2)),
            List.of(
                new Skipped(
                    "code",
                    ProbeKind.RETENTION,
                    "iverilog is not installed",
                    List.of("1", "2", "3"))),
            List.of(new Judged("facts", "local judge", new JudgeTally(40, 5, 8, 2, 2, 8))),
            List.of());
    Overlap overlap =
        new Overlap(
            Map.of("form", Set.of("form-4"), "sums", Set.of("sums-0", "sums-25")),
            List.of("data.jsonl: has changed since the run"));
    ObjectNode document =
        LedgerJson.of(
            HeldLedger.of(
                ledger,
                List.of(
                    new Threshold(Threshold.Rule.FAIL_IF_LOST, 0.05),
                    new Threshold(Threshold.Rule.REQUIRE_KEPT, 0.01)),
                Optional.of(overlap)));
    ((ObjectNode) document.get("probes").get(1))
        .set(
            "behaviour",
            Json.parse(
                """
                {"answers": 60, "language_changed": 12,
                 "before": {"ended": 58, "loops": 2, "refusals": 1, "empty": 0,
                            "median_characters": 31.5, "languages": {"en": 50, "de": 2}},
                 "after": {"ended": 41, "loops": 9, "refusals": 1, "empty": 0,
                           "median_characters": 44, "languages": {"en": 40, "fr": 12}}}
                """,
                "behaviour"));
    document.set(
        "controls",
        Json.parse(
            """
            [{"name": "random", "probes": [
              {"name": "common", "kind": "retention", "n": 60, "delta": -0.02, "lost": 2, "won": 1,
               "against": {"n": 45, "before": 0.96, "after": 0.889, "delta": -0.071, "lost": 4,
                           "won": 1, "ci95": [-0.18, 0.03], "interval": "exact", "lost_by_both": 1,
                           "p_lost": 0.1875, "p_lost_holm": 0.1875, "verdict": "undecided"}},
              {"name": "sums", "kind": "retention", "n": 60, "delta": 0.0, "lost": 0, "won": 0,
               "against": null}]}]
            """,
            "controls"));
    return new ArmReport(
        "adapter", "", Optional.of(LedgerView.of(document, lines(ledger), "lines")), List.of());
  }

  private static List<JsonNode> lines(Ledger ledger) {
    try {
      Path file = Files.createTempFile("items", ".jsonl");
      LedgerJson.writeItems(ledger, file);
      List<JsonNode> lines = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        lines.add(Json.parse(line, "line"));
      }
      Files.delete(file);
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A probe of 30 documents with four items each, which are lost, won or kept together. */
  static LedgerView clustered(boolean withLines) {
    List<ProbeItem> items = new ArrayList<>();
    List<ItemRow> rows = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      int document = i / 4;
      boolean lost = document < 7;
      boolean won = document == 29;
      items.add(
          new ProbeItem.Ask("" + i, Optional.empty(), Prompt.Chat.of("q"), "a", Metric.EXACT));
      rows.add(
          new ItemRow(
              "facts",
              "" + i,
              won ? 0 : 1,
              lost ? 0 : 1,
              Optional.of("a"),
              Optional.of("b"),
              false,
              false,
              new ItemRow.Place(Optional.empty(), Optional.of("d" + document), 0)));
    }
    Ledger ledger =
        new Ledger(
            List.of(
                new ProbeResult(
                    new Probe("facts", ProbeKind.RETENTION, Path.of(""), items),
                    List.of("exact"),
                    Outcome.of(rows),
                    Optional.empty(),
                    new TreeMap<>(),
                    rows)),
            Optional.empty(),
            Optional.empty());
    return LedgerView.of(LedgerJson.of(ledger), withLines ? lines(ledger) : List.of(), "lines");
  }

  /** A run's folder, with its ledger and what was measured over time. */
  static Path run(Path run) {
    if (Files.exists(run)) {
      return run;
    }
    try (RunFolder open =
        RunFolder.create(
            run,
            Map.of(
                "job",
                Map.of("model", "smollm2", "lora", Map.of("rank", 16)),
                "base",
                "f00d".repeat(16)))) {
      for (LossPoint point : curve(200, 1)) {
        open.log(point.step(), Map.of("step", point.step(), "loss", point.train(), "tokens", 512));
      }
      open.write(
          "adapter", in -> Files.writeString(in.resolve("adapter_model.safetensors"), "weights"));
      open.finish(
          new Tuner.Result(
              200,
              102_400,
              9000,
              65,
              1575,
              0.4,
              OptionalDouble.empty(),
              1L << 30,
              true,
              OptionalLong.empty(),
              OptionalDouble.empty(),
              OptionalDouble.empty(),
              Optional.empty()));
    }
    Ledger ledger =
        new Ledger(
            List.of(
                probe("task", ProbeKind.GAIN, new PairedCounts(3, 1, 40, 16), 1),
                probe("sums", ProbeKind.RETENTION, new PairedCounts(80, 9, 4, 27), 2)),
            Optional.empty(),
            Optional.empty());
    Side before = new Side("smollm2", Optional.empty());
    Side after = new Side("smollm2", Optional.of(run.resolve("adapter")));
    RunLedger.of(before, after).orElseThrow().write(ledger);
    try {
      Files.writeString(run.resolve("path.json"), path().toString());
      Files.writeString(run.resolve("samples.json"), samples().toString());
      Files.writeString(run.resolve("samples.jsonl"), String.join("\n", sampleLines()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return run;
  }

  /** A run's path: two states and one scale. */
  static ObjectNode path() {
    ObjectNode document = Json.mapper().createObjectNode().put("format", "palimpsest-path/1");
    document.putArray("unread_steps").add(40);
    ArrayNode stops = document.putArray("stops");
    stop(stops, "step 20", 1, new PairedCounts(30, 4, 1, 25), new PairedCounts(2, 0, 9, 29));
    stop(stops, "end", 1, new PairedCounts(26, 8, 2, 24), new PairedCounts(2, 0, 20, 18));
    stop(
        stops,
        "end \u00d7 0.5",
        0.5,
        new PairedCounts(31, 3, 2, 24),
        new PairedCounts(2, 0, 14, 24));
    return document;
  }

  private static void stop(
      ArrayNode stops, String name, double scale, PairedCounts kept, PairedCounts gained) {
    Ledger ledger =
        new Ledger(
            List.of(
                probe("sums", ProbeKind.RETENTION, kept, 1),
                probe("task", ProbeKind.GAIN, gained, 2)),
            Optional.of(divergence("base-written text", 3)),
            Optional.empty());
    stops.addObject().put("name", name).put("scale", scale).setAll(LedgerJson.of(ledger));
  }

  /** What became of four training samples. */
  static JsonNode samples() {
    return Json.parse(
        """
        {"format": "palimpsest-samples/1", "model": "m", "data": "d.jsonl",
         "states": [{"name": "base", "step": 0, "loss": 2.0, "right": 1, "top": 0.4},
                    {"name": "step 20", "step": 20, "loss": 1.0, "right": 2, "top": 0.7},
                    {"name": "end", "step": 60, "loss": 0.8, "right": 2, "top": 0.8}],
         "unread_steps": [40], "n": 4, "labels": 28,
         "classes": {"known": 0, "learned": 2, "forgotten": 0, "lost": 1, "never": 1},
         "unforgettable": 2, "forgetting_events": {"samples": 1, "total": 1, "most": 1},
         "rose": 1, "rose_items": ["s4"], "worst_items": ["s4", "s3"]}
        """,
        "samples");
  }

  static List<String> sampleLines() {
    return List.of(
        sampleLine("s1", "learned", false, 0, "2.5, 0.9, 0.2"),
        sampleLine("s2", "learned", false, 0, "2.0, 0.8, 0.1"),
        sampleLine("s3", "never", false, 0, "3.0, 1.8, 1.4"),
        sampleLine("s4", "lost", true, 1, "0.5, 0.5, 1.5"));
  }

  private static String sampleLine(
      String id, String kind, boolean rose, int forgotten, String loss) {
    return "{\"id\":\"%s\",\"labels\":7,\"class\":\"%s\",\"rose\":%b,\"forgetting_events\":%d,\"loss\":[%s]}"
        .formatted(id, kind, rose, forgotten, loss);
  }

  /** A probe of so many items with answers of some ten words. */
  static LedgerView large(int items) {
    return large(items, 10);
  }

  /** The same, an answer of about so many words of a language with 4,000 of them. */
  static LedgerView large(int items, int words) {
    Random random = new Random(items);
    List<ProbeItem> asked = new ArrayList<>();
    List<ItemRow> rows = new ArrayList<>();
    boolean[] before = new boolean[items];
    boolean[] after = new boolean[items];
    for (int i = 0; i < items; i++) {
      String right = words(random, words);
      before[i] = random.nextDouble() < 0.6;
      after[i] = random.nextDouble() < (before[i] ? 0.8 : 0.2);
      asked.add(
          new ProbeItem.Ask(
              "item-" + i,
              Optional.empty(),
              Prompt.Chat.of(words(random, 30) + "?"),
              right,
              Metric.EXACT));
      rows.add(
          new ItemRow(
              "large",
              "item-" + i,
              before[i] ? 1 : 0,
              after[i] ? 1 : 0,
              Optional.of(before[i] ? right : words(random, words)),
              Optional.of(after[i] ? right : words(random, words)),
              false,
              false));
    }
    return LedgerView.of(
        new Ledger(
            List.of(
                new ProbeResult(
                    new Probe("large", ProbeKind.RETENTION, Path.of(""), asked),
                    List.of("exact"),
                    new Outcome.Rates(PairedCounts.of(before, after)),
                    Optional.empty(),
                    new TreeMap<>(),
                    rows)),
            Optional.empty(),
            Optional.empty()));
  }

  /** Common words often, rare ones seldom, as in running text. */
  private static String words(Random random, int about) {
    int count = Math.max(1, about / 2 + random.nextInt(about + 1));
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      int word = (int) Math.pow(4000, random.nextDouble());
      text.append(i == 0 ? "" : " ").append(Integer.toString(word * 7919 + 1000, 36));
    }
    return text.toString();
  }
}
