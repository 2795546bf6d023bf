package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.merge.Carried;
import dev.palimpsest.merge.Moments;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.ModuleInputs;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Memory;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Least squares along what the modules of both bases read in the same texts ({@link Carried}). It
 * needs no training and takes other widths and numbers of layers; a layer is matched with the old
 * one at the same relative depth.
 */
record ActivationsPort() implements PortWay {
  /** More tokens than a module of a small model has inputs, several times over. */
  static final int MOST_TOKENS = 8192;

  /** A module of the new base and the old one that it takes its change from. */
  private record Match(String own, String old) {}

  @Override
  public void carry(PortTask task, Path folder) {
    if (task.adapter().config().weightDecomposed()) {
      throw new BadInput(
          "activations: the change of a DoRA adapter is no product of factors; try direct, distil"
              + " or replay");
    }
    Decoder to = task.to().decoder();
    long peak = Footprint.of(to).runningPeak(ModuleInputs.PASS_TOKENS, 1);
    task.requireMemory(PortMethod.ACTIVATIONS, peak, Memory.machineBytes());
    List<Match> matches = matches(task);
    task.over(
        old -> {
          List<List<int[]>> passes = ModuleInputs.passes(texts(task, old));
          Map<String, Factors> factors = new LinkedHashMap<>();
          List<List<Match>> groups = groups(matches, task);
          Sums sums = new Sums(groups.size() * passes.size(), task.runs().watch().progress());
          for (List<Match> group : groups) {
            task.runs().goOn("activations");
            factors.putAll(Native.withoutGradients(() -> fit(task, old, group, passes, sums)));
          }
          long tokens = passes.stream().flatMap(List::stream).mapToLong(ids -> ids.length).sum();
          sums.over(tokens).write(folder);
          task.write(Adapter.plain(factors, task.to().decoder().config()), folder);
          return factors;
        });
  }

  /** Squares over all modules, and how many passes over both bases they have taken. */
  private static final class Sums {
    private final int passes;
    private final Progress progress;
    private int passed;
    private double target;
    private double missed;
    private double missedAsIs;

    Sums(int passes, Progress progress) {
      this.passes = passes;
      this.progress = progress;
    }

    void passed() {
      passed++;
      progress.report("activations", passed, passes, "passes");
    }

    void add(Carried carried) {
      target += carried.target();
      missed += carried.missed();
      missedAsIs += carried.missedAsIs().orElse(Double.NaN);
    }

    ActivationFit over(long tokens) {
      return new ActivationFit(
          tokens,
          Math.sqrt(missed / target),
          Double.isNaN(missedAsIs)
              ? OptionalDouble.empty()
              : OptionalDouble.of(Math.sqrt(missedAsIs / target)));
    }
  }

  private static List<Match> matches(PortTask task) {
    ModelConfig to = task.to().decoder().config();
    List<Match> matches = new ArrayList<>();
    for (int own = 0; own < to.layers(); own++) {
      int old = (int) Math.round(own * (task.from().layers() - 1.0) / Math.max(1, to.layers() - 1));
      for (String kind : ModelTensors.LINEAR) {
        String module = "model.layers." + old + "." + kind;
        if (task.adapter().factors().containsKey(module)) {
          matches.add(new Match("model.layers." + own + "." + kind, module));
        }
      }
    }
    return matches;
  }

  /** As many matches at a time as there is memory for. */
  private static List<List<Match>> groups(List<Match> matches, PortTask task) {
    return ModuleInputs.groups(
        matches, Match::own, match -> Moments.bytes(in(task.from(), match.old), in(task, match)));
  }

  private static long in(ModelConfig model, String module) {
    return Objects.requireNonNull(ModelTensors.linear(model).get(module), module).in();
  }

  private static long in(PortTask task, Match match) {
    return in(task.to().decoder().config(), match.own);
  }

  /** Texts in an order of the seed, up to a number of tokens. */
  private static List<int[]> texts(PortTask task, LanguageModel old) {
    DataSpec data = task.data(PortMethod.ACTIVATIONS);
    List<int[]> texts = new ArrayList<>();
    task.differing(data, old)
        .ifPresent(
            where -> {
              throw new BadInput(
                  "activations: "
                      + where
                      + ": the bases do not read the same tokens; try distil or replay");
            });
    try (Dataset rows = data.rows()) {
      Encoder encoder = old.encoder(data.encoding(old.decoder().config().context()));
      List<Integer> order = new ArrayList<>(IntStream.range(0, rows.size()).boxed().toList());
      Collections.shuffle(order, new Random(task.plan().seed()));
      int tokens = 0;
      for (int row : order) {
        int[] ids = encoder.example(rows.sample(row)).ids();
        if (tokens > 0 && tokens + ids.length > MOST_TOKENS) {
          break;
        }
        texts.add(ids);
        tokens += ids.length;
      }
    }
    return texts;
  }

  private static Map<String, Factors> fit(
      PortTask task, LanguageModel old, List<Match> group, List<List<int[]>> passes, Sums sums) {
    Map<String, Factors> factors = new LinkedHashMap<>();
    try (Scope scope = Scope.open()) {
      Map<String, Moments> moments = new HashMap<>();
      Map<String, String> sources = new HashMap<>();
      for (Match match : group) {
        sources.put(ModelTensors.reading(match.own), ModelTensors.reading(match.old));
        moments.computeIfAbsent(
            ModelTensors.reading(match.own),
            _ -> Moments.none(in(task.from(), match.old), in(task, match)));
      }
      for (List<int[]> pass : passes) {
        add(old, task.to(), pass, sources, moments);
        sums.passed();
      }
      for (Match match : group) {
        Carried carried =
            Carried.of(
                Objects.requireNonNull(moments.get(ModelTensors.reading(match.own))),
                Objects.requireNonNull(task.adapter().factors().get(match.old)),
                old.decoder().weight(match.old),
                task.to().decoder().weight(match.own),
                Carried.RIDGE);
        sums.add(carried);
        scope.keep(carried.factors().a());
        scope.keep(carried.factors().b());
        factors.put(match.own, carried.factors());
      }
    }
    return factors;
  }

  /** Adds one pass over both bases. */
  private static void add(
      LanguageModel old,
      LanguageModel own,
      List<int[]> pass,
      Map<String, String> sources,
      Map<String, Moments> moments) {
    Map<String, float[]> before = new HashMap<>();
    ModuleInputs.along(
        old.decoder(),
        pass,
        (module, input) -> {
          if (sources.containsValue(module)) {
            before.put(module, input.floats());
          }
        });
    ModuleInputs.along(
        own.decoder(),
        pass,
        (module, input) -> {
          Moments sums = moments.get(module);
          if (sums != null) {
            float[] values = Objects.requireNonNull(before.get(sources.get(module)));
            sums.add(Tensor.of(values, input.size(0), values.length / input.size(0)), input);
          }
        });
  }
}
