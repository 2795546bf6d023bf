package dev.palimpsest.report;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Metric;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/** Made-up ledgers and pages of the shape that real ones have. */
final class SampleReport {
  static final String HOSTILE = "</dd><script>alert('x')</script> & \"q\" \u0007\u202e";

  private SampleReport() {}

  /** A page with every section in it. */
  static ReportData full() {
    return new ReportData(
        "Form and facts: what two tasks cost",
        "LoRA learned both tasks; without replay it lost 7 to 10 points of what the base could do, with"
            + " a tenth of replay the loss cannot be told from none.",
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
        "The river had been rising since morning , and by the time the last of the lamps was lit the"
            + " water stood a hand below the bridge .\nNobody in the town could say when it had"
            + " last come so high ; the old ones spoke of a spring before the war , and of a boat"
            + " tied to the door of the church .";
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

  /** A page about one probe of so many lost items. */
  static ReportData large(int items) {
    Ledger ledger =
        new Ledger(
            List.of(
                probe("large", ProbeKind.RETENTION, new PairedCounts(0, items, 0, 0), 1),
                probe("small", ProbeKind.RETENTION, new PairedCounts(0, 3, 0, 0), 1)),
            Optional.empty(),
            Optional.empty());
    return new ReportData(
        "Large", "Large.", List.of(ArmReport.of("arm", "", ledger)), List.of(), List.of());
  }
}
