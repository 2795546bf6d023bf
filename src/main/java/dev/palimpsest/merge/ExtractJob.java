package dev.palimpsest.merge;

import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.Sources;
import dev.palimpsest.model.TensorChange;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An adapter by singular values of what a tuned model is more than its base. Spectra come first,
 * one module in memory at a time, then the factors of the ranks that a rule chose.
 *
 * @param model what the user called the base
 * @param tuned what the user called the tuned model, which may have other tokens than the base
 */
public record ExtractJob(String model, String tuned, RankRule rule, Extent extent) {
  /** What an adapter gets of the tuned model. */
  public enum Extent {
    /** Factors for linear modules of the blocks. */
    BLOCKS,
    /** Beside them embedding and head, as they are, where they differ. */
    BLOCKS_AND_ENDS
  }

  /**
   * Extracts into a new folder, which appears whole or not at all.
   *
   * @param inputs of the base's modules, by which errors are weighed; empty for the plain norm
   * @throws BadInput if the models have not the same shape or do not differ
   */
  public Extracted run(
      Path out, MergeJob.Models models, Optional<InputMoments> inputs, Progress progress) {
    AtomicFolder.requireNew(out);
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              Checkpoint base = Checkpoint.open(models.locate(model));
              Sources sources = new Sources(base)) {
            Source.Tuned source = sources.tunedOfAnyVocabulary(tuned, models.locate(tuned));
            TunedEnds ends = extent == Extent.BLOCKS ? TunedEnds.NONE : TunedEnds.of(base, source);
            Work work = new Work(base, source, inputs, progress);
            List<Look> looks = work.looks();
            Map<String, Integer> ranks = rule.ranks(looks.stream().map(Look::spectrum).toList());
            Map<String, LowRank> made = work.made(kept(ranks));
            Map<String, Factors> factors = new LinkedHashMap<>();
            made.forEach((module, pair) -> factors.put(module, pair.factors()));
            Adapter adapter =
                Adapter.plain(factors, base.config())
                    .with(ends.weights())
                    .over(model, sources.fingerprint());
            AtomicFolder.write(out, folder -> PeftFolder.write(folder, adapter));
            List<Extracted.Part> parts = looks.stream().map(each -> each.part(made)).toList();
            return Extracted.of(
                out,
                parts,
                inputs.map(InputMoments::tokens),
                ends.told(),
                TensorChange.outsideBlocks(base, source, ends.names()));
          }
        });
  }

  /** Those of at least one. */
  private Map<String, Integer> kept(Map<String, Integer> ranks) {
    Map<String, Integer> kept = new LinkedHashMap<>(ranks);
    kept.values().removeIf(rank -> rank == 0);
    if (kept.isEmpty()) {
      throw new BadInput(
          tuned
              + ": nothing to extract; "
              + (ranks.isEmpty()
                  ? "no linear module differs from " + model
                  : "the budget is too small for one rank of one module"));
    }
    return kept;
  }

  /**
   * A module that differs.
   *
   * @param spectrum of its change, weighed by its inputs if those are given
   * @param square ‖ΔW‖²
   */
  private record Look(RankRule.Spectrum spectrum, double square) {
    Extracted.Part part(Map<String, LowRank> made) {
      LowRank pair = made.get(spectrum.module());
      return new Extracted.Part(
          spectrum,
          pair == null ? 0 : pair.factors().rank(),
          square,
          pair == null ? square : pair.missed());
    }
  }

  private record Work(
      Checkpoint base, Source source, Optional<InputMoments> inputs, Progress progress) {
    List<Look> looks() {
      List<String> modules =
          ModelTensors.linear(base.config()).keySet().stream()
              .filter(module -> !module.equals(ModelTensors.HEAD_MODULE))
              .toList();
      List<Look> looks = new ArrayList<>();
      for (int i = 0; i < modules.size(); i++) {
        look(modules.get(i)).ifPresent(looks::add);
        progress.report("spectra", i + 1, modules.size(), "modules");
      }
      return looks;
    }

    private Optional<Look> look(String module) {
      try (Scope _ = Scope.open()) {
        Tensor change = change(module);
        double square = change.square().sum().item();
        if (square == 0) {
          return Optional.empty();
        }
        List<Double> values =
            Arrays.stream(LowRank.values(change, weights(module))).boxed().toList();
        return Optional.of(
            new Look(
                new RankRule.Spectrum(module, change.size(0), change.size(1), values), square));
      }
    }

    private Tensor change(String module) {
      String tensor = module + ".weight";
      return source.change(tensor, base.weights().read(tensor, DType.F64), 0);
    }

    private Optional<Tensor> weights(String module) {
      return inputs.map(each -> each.of(module));
    }

    Map<String, LowRank> made(Map<String, Integer> ranks) {
      Map<String, LowRank> made = new LinkedHashMap<>();
      for (String module : ranks.keySet()) {
        int rank = Objects.requireNonNull(ranks.get(module));
        try (Scope scope = Scope.open()) {
          LowRank pair = LowRank.of(change(module), weights(module), rank);
          scope.keep(pair.factors().a());
          scope.keep(pair.factors().b());
          made.put(module, pair);
        }
        progress.report("factors", made.size(), ranks.size(), "modules");
      }
      return made;
    }
  }
}
