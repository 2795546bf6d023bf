package dev.palimpsest.merge;

import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * An adapter with its intruder dimensions scaled down (2410.21228, section 5), and what that must
 * be held against, each as an adapter over the same base: {@code untouched}, {@code intruders}
 * scaled, the whole change {@code shrunk} to the norm that this leaves in each module, as many of
 * its own directions at {@code random} scaled, and the second {@code resized} to the first's norm.
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

  /** One module's change in each of the five. */
  private record Five(
      Factors untouched, Factors intruders, Factors shrunk, Factors random, Factors resized) {}

  /**
   * Writes the five below a new folder, with {@code controls.json}: the norm of each.
   *
   * @param intruders by module, their part of the changed matrix, Σ σ u vᵀ
   * @throws BadInput if the source is no plain LoRA, or the folder is there
   */
  public void write(
      Path out, ModelConfig model, Source source, Map<String, Factors> intruders, Base base) {
    if (Files.exists(out)) {
      throw new BadInput(out + ": is there already; give a new folder");
    }
    if (!(source instanceof Source.Lora lora) || lora.adapter().config().weightDecomposed()) {
      throw new BadInput(
          source.name() + ": --controls scales a LoRA adapter, neither a whole model nor DoRA");
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
      AtomicFolder.write(out, folder -> write(folder, five, model, base));
    }
  }

  /** What the adapters record of their base. */
  public record Base(String name, String fingerprint) {}

  private static void put(
      Map<String, Map<String, Factors>> five, String name, String module, Factors factors) {
    five.computeIfAbsent(name, _ -> new LinkedHashMap<>()).put(module, factors);
  }

  private void write(
      Path folder, Map<String, Map<String, Factors>> five, ModelConfig model, Base base) {
    Map<String, Object> norms = new LinkedHashMap<>();
    five.forEach(
        (name, factors) -> {
          Adapter adapter = Adapter.plain(factors, model).over(base.name, base.fingerprint);
          PeftFolder.write(folder.resolve(name), adapter);
          double square = factors.values().stream().mapToDouble(Controls::square).sum();
          norms.put(name, Map.of("norm", Math.sqrt(square)));
        });
    Map<String, Object> document = Map.of("scale", scale, "seed", seed, "adapters", norms);
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
        random(own, part.rank(), new Seeds(seed).generator("controls " + module)),
        ratio > 0 ? times(less, 1 / ratio) : less);
  }

  private static Factors times(Factors factors, double factor) {
    return Factors.sum(List.of(factors.scaled(factor)));
  }

  /** As many of a change's own directions scaled, drawn without bias. */
  private Factors random(Factors own, int count, RandomGenerator draws) {
    Svd svd = own.svd();
    double[] values = svd.s().doubles();
    int[] order = IntStream.range(0, values.length).toArray();
    for (int i = 0; i < Math.min(count, order.length); i++) {
      int j = i + draws.nextInt(order.length - i);
      int drawn = order[j];
      order[j] = order[i];
      values[drawn] *= scale;
    }
    Tensor scaled = Tensor.of(values, values.length);
    return Factors.of(new Svd(svd.u(), scaled, svd.vt()), values.length);
  }

  private static double square(Factors factors) {
    try (Scope _ = Scope.open()) {
      return factors.svd().s().square().sum().item();
    }
  }
}
