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
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An adapter by singular values of what a tuned model is more than its base. Spectra come first,
 * one module in memory at a time, then the factors of the ranks that a rule chose.
 *
 * @param model what the user called the base
 * @param tuned what the user called the tuned model
 */
public record ExtractJob(String model, String tuned, RankRule rule) {

  /**
   * Extracts into a new folder, which appears whole or not at all.
   *
   * @throws BadInput if the models have not the same shape or do not differ
   */
  public Extracted run(Path out, MergeJob.Models models, Progress progress) {
    if (Files.exists(out)) {
      throw new BadInput(out + ": is there already; give a new folder");
    }
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              Checkpoint base = Checkpoint.open(models.locate(model));
              Sources sources = new Sources(base)) {
            sources.tuned(tuned, 1, models.locate(tuned));
            Source source = sources.all().getFirst();
            List<RankRule.Spectrum> spectra = spectra(base, source, progress);
            Map<String, Integer> ranks = rule.ranks(spectra);
            Adapter adapter =
                Adapter.plain(factors(base, source, ranks, progress), base.config())
                    .over(model, sources.fingerprint());
            AtomicFolder.write(out, folder -> PeftFolder.write(folder, adapter));
            return extracted(out, spectra, ranks, TensorChange.outsideBlocks(base, source));
          }
        });
  }

  private static List<RankRule.Spectrum> spectra(
      Checkpoint base, Source source, Progress progress) {
    List<String> modules =
        ModelTensors.linear(base.config()).keySet().stream()
            .filter(module -> !module.equals("lm_head"))
            .toList();
    List<RankRule.Spectrum> spectra = new ArrayList<>();
    for (int i = 0; i < modules.size(); i++) {
      try (Scope _ = Scope.open()) {
        Tensor change = change(base, source, modules.get(i));
        List<Double> values = Arrays.stream(Svd.values(change).doubles()).boxed().toList();
        if (values.getFirst() > 0) {
          spectra.add(
              new RankRule.Spectrum(modules.get(i), change.size(0), change.size(1), values));
        }
      }
      progress.report("spectra", i + 1, modules.size(), "modules");
    }
    return spectra;
  }

  private static Tensor change(Checkpoint base, Source source, String module) {
    String tensor = module + ".weight";
    return source.change(tensor, base.weights().read(tensor, DType.F64), 0);
  }

  private Map<String, Factors> factors(
      Checkpoint base, Source source, Map<String, Integer> ranks, Progress progress) {
    Map<String, Factors> factors = new LinkedHashMap<>();
    List<String> kept = ranks.keySet().stream().filter(each -> rank(ranks, each) > 0).toList();
    if (kept.isEmpty()) {
      throw new BadInput(
          tuned
              + ": nothing to extract; "
              + (ranks.isEmpty()
                  ? "no linear module differs from " + model
                  : "the budget is too small for one rank of one module"));
    }
    for (String module : kept) {
      try (Scope scope = Scope.open()) {
        Factors made = Factors.of(Svd.of(change(base, source, module)), rank(ranks, module));
        factors.put(module, new Factors(scope.keep(made.a()), scope.keep(made.b()), 1));
      }
      progress.report("factors", factors.size(), kept.size(), "modules");
    }
    return factors;
  }

  private static int rank(Map<String, Integer> ranks, String module) {
    return Objects.requireNonNull(ranks.get(module), module);
  }

  private static Extracted extracted(
      Path out,
      List<RankRule.Spectrum> spectra,
      Map<String, Integer> ranks,
      List<TensorChange> notCaptured) {
    List<Extracted.Module> modules = new ArrayList<>();
    long parameters = 0;
    double missed = 0;
    double all = 0;
    for (RankRule.Spectrum each : spectra) {
      int rank = rank(ranks, each.module());
      double rest = each.energyFrom(rank);
      double energy = each.energyFrom(0);
      modules.add(
          new Extracted.Module(each.module(), rank, Math.sqrt(energy), Math.sqrt(rest / energy)));
      parameters += rank * (each.out() + each.in());
      missed += rest;
      all += energy;
    }
    return new Extracted(
        out.toString(),
        modules.stream().mapToInt(Extracted.Module::rank).max().orElse(0),
        parameters,
        Math.sqrt(missed / all),
        modules,
        notCaptured);
  }
}
