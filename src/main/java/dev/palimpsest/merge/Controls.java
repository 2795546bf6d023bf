package dev.palimpsest.merge;

import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * An adapter or a tuned model with its intruder dimensions scaled down (2410.21228, section 5), and
 * what that must be held against, each as an adapter over the same base, or as a model: {@code
 * untouched}, {@code intruders} scaled, the whole change {@code shrunk} to the norm that this
 * leaves in each module, as many of its own directions at {@code random} scaled, and the second
 * {@code resized} to the first's norm.
 *
 * @param scale λ: what an intruder's singular value is multiplied by
 * @param seed of the draw of directions
 */
public record Controls(double scale, long seed) {
  /** Checks the scale. */
  public Controls {
    if (!(scale >= 0 && scale < 1)) {
      throw new BadInput("--scale " + scale + ": give 0 or more, less than 1");
    }
  }

  /** What they are called, in the order in which they are told. */
  public static final List<String> NAMES =
      List.of("untouched", "intruders", "shrunk", "random", "resized");

  /** One module's change in each of the five. */
  private record Five(
      Factors untouched, Factors intruders, Factors shrunk, Factors random, Factors resized) {}

  /**
   * Writes the five below a new folder, with {@code controls.json}: the norm of each.
   *
   * @param intruders by module, their part of the changed matrix, Σ σ u vᵀ
   * @throws BadInput if the source is a DoRA adapter, the folder is there, or there is no intruder:
   *     all five would be the change itself
   */
  public void write(
      Path out, Base base, Source source, Map<String, Factors> intruders, Progress progress) {
    AtomicFolder.requireNew(out);
    if (intruders.isEmpty()) {
      throw new BadInput(
          "--controls "
              + out
              + ": not written, "
              + source.name()
              + " has no intruder dimension, so all five would be its change as it is; a larger"
              + " --epsilon or --top takes in more");
    }
    switch (source) {
      case Source.Lora lora -> adapters(out, base, lora, intruders);
      case Source.Tuned tuned -> models(out, base.checkpoint, tuned, intruders, progress);
    }
  }

  private void models(
      Path out,
      Checkpoint base,
      Source.Tuned tuned,
      Map<String, Factors> intruders,
      Progress progress) {
    ModelFolder.requireWritable(tuned.model());
    Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            TunedControls five = TunedControls.of(this, base, tuned, intruders, progress);
            AtomicFolder.write(
                out,
                folder -> {
                  Map<String, Double> norms = new LinkedHashMap<>();
                  for (String name : NAMES) {
                    five.write(Files.createDirectory(folder.resolve(name)), name, progress);
                    norms.put(name, five.norm(name));
                  }
                  document(folder, "models", norms);
                });
          }
        });
  }

  private void adapters(Path out, Base base, Source.Lora lora, Map<String, Factors> intruders) {
    if (lora.adapter().config().weightDecomposed()) {
      throw new BadInput(
          lora.name()
              + ": a DoRA adapter cannot be scaled by directions; merge it into a model, and give"
              + " --tuned for --controls");
    }
    if (!lora.adapter().endModules().isEmpty()) {
      throw new BadInput(
          lora.name()
              + ": --controls scales an adapter of the blocks, this one changes "
              + String.join(" and ", lora.adapter().endModules()));
    }
    try (Scope _ = Scope.open()) {
      Map<String, Map<String, Factors>> five = new LinkedHashMap<>();
      lora.adapter()
          .factors()
          .forEach(
              (module, factors) -> {
                Five each = five(module, factors, intruders);
                put(five, "untouched", module, each.untouched);
                put(five, "intruders", module, each.intruders);
                put(five, "shrunk", module, each.shrunk);
                put(five, "random", module, each.random);
                put(five, "resized", module, each.resized);
              });
      AtomicFolder.write(out, folder -> write(folder, five, base));
    }
  }

  /** What the adapters record of their base. */
  public record Base(String name, String fingerprint, Checkpoint checkpoint) {}

  private static void put(
      Map<String, Map<String, Factors>> five, String name, String module, Factors factors) {
    five.computeIfAbsent(name, _ -> new LinkedHashMap<>()).put(module, factors);
  }

  private void write(Path folder, Map<String, Map<String, Factors>> five, Base base) {
    Map<String, Double> norms = new LinkedHashMap<>();
    five.forEach(
        (name, factors) -> {
          Adapter adapter =
              Adapter.plain(factors, base.checkpoint.config()).over(base.name, base.fingerprint);
          PeftFolder.write(folder.resolve(name), adapter);
          double square = factors.values().stream().mapToDouble(Controls::square).sum();
          norms.put(name, Math.sqrt(square));
        });
    document(folder, "adapters", norms);
  }

  private void document(Path folder, String what, Map<String, Double> norms) {
    Map<String, Object> each = new LinkedHashMap<>();
    norms.forEach((name, norm) -> each.put(name, Map.of("norm", norm)));
    Map<String, Object> document = Map.of("scale", scale, "seed", seed, what, each);
    AtomicFile.write(folder.resolve("controls.json"), Json.writePretty(document) + "\n");
  }

  private Five five(String module, Factors factors, Map<String, Factors> intruders) {
    Factors own = Factors.sum(List.of(factors));
    Factors part = intruders.get(module);
    if (part == null) {
      return new Five(own, own, own, own, own);
    }
    Factors less = Factors.sum(List.of(own, part.scaled(scale - 1)));
    double ratio = Math.sqrt(square(less) / square(own));
    return new Five(
        own,
        less,
        times(own, ratio),
        random(own, module, part.rank()),
        ratio > 0 ? times(less, 1 / ratio) : less);
  }

  private static Factors times(Factors factors, double factor) {
    return Factors.sum(List.of(factors.scaled(factor)));
  }

  /** As many of a change's own directions scaled, drawn without bias. */
  private Factors random(Factors own, String module, int count) {
    Svd svd = own.svd();
    double[] values = svd.s().doubles();
    for (int drawn : drawn(module, count, values.length)) {
      values[drawn] *= scale;
    }
    Tensor scaled = Tensor.of(values, values.length);
    return Factors.of(new Svd(svd.u(), scaled, svd.vt()), values.length);
  }

  /** So many of a module's directions, or all. */
  int[] drawn(String module, int count, int directions) {
    RandomGenerator draws = new Seeds(seed).generator("controls " + module);
    int[] order = IntStream.range(0, directions).toArray();
    int most = Math.min(count, directions);
    for (int i = 0; i < most; i++) {
      int j = i + draws.nextInt(directions - i);
      int drawn = order[j];
      order[j] = order[i];
      order[i] = drawn;
    }
    return Arrays.copyOf(order, most);
  }

  private static double square(Factors factors) {
    try (Scope _ = Scope.open()) {
      return factors.svd().s().square().sum().item();
    }
  }
}
