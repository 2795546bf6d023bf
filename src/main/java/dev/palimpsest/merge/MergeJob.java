package dev.palimpsest.merge;

import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.Sources;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A merge of adapters or tuned models into their base.
 *
 * @param model what the user called the base
 * @param adapters folders, weighted
 * @param tuned models, weighted
 * @param anyBase whether an adapter of another base is taken
 * @param method what becomes of the changes
 */
public record MergeJob(
    String model,
    List<Weighted> adapters,
    List<Weighted> tuned,
    boolean anyBase,
    MergeMethod method) {
  /** Copies the lists. */
  public MergeJob {
    adapters = List.copyOf(adapters);
    tuned = List.copyOf(tuned);
    if (adapters.isEmpty() && tuned.isEmpty()) {
      throw new BadInput(
          "merge: nothing to merge; give --adapter A[:weight] or --tuned M[:weight]");
    }
  }

  /** Finds the files of what a user calls a model. */
  @FunctionalInterface
  public interface Models {
    /** A folder or a GGUF file. */
    Path locate(String model);
  }

  /** What is written. */
  public sealed interface Form {
    /**
     * A model in the Hugging Face layout.
     *
     * @param type of its tensors; the base's own if empty, F32 for a quantised base
     */
    record Model(Optional<DType> type) implements Form {}

    /** One adapter in PEFT's layout. */
    record PlainAdapter() implements Form {}
  }

  /**
   * Merges into a new folder, which appears whole or not at all.
   *
   * @throws BadInput if something does not fit, or the folder is there already
   */
  public Merged run(Path out, Form form, Models models, Progress progress) {
    AtomicFolder.requireNew(out);
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              Checkpoint base = Checkpoint.open(models.locate(model));
              Sources sources = new Sources(base)) {
            adapters.forEach(each -> sources.adapter(Path.of(each.name()), each.weight(), anyBase));
            tuned.forEach(
                each -> sources.tuned(each.name(), each.weight(), models.locate(each.name())));
            return switch (form) {
              case Form.Model(Optional<DType> type) -> {
                Reduced reduced = reduced(base, sources.all());
                yield writeModel(out, base, reduced, type, progress);
              }
              case Form.PlainAdapter() -> writeAdapter(out, base, sources);
            };
          }
        });
  }

  /** The rules over their sources, and what is left of these. */
  private record Reduced(ModuleRules rules, @Nullable Double keptEnergy) {}

  private Reduced reduced(Checkpoint base, List<Source> sources) {
    if (method.rank().isEmpty()) {
      return new Reduced(
          ModuleRules.of(method, sources, base.config()), method.adds() ? (Double) 1.0 : null);
    }
    method.rule().check(sources);
    Reduction reduction = Reduction.of(method, sources, base);
    Source joined = new Source.Lora(method.name(), 1, reduction.adapter());
    return new Reduced(ModuleRules.of(method.rule(), List.of(joined)), reduction.keptEnergy());
  }

  private Merged writeModel(
      Path out, Checkpoint base, Reduced reduced, Optional<DType> type, Progress progress) {
    ModelFolder.requireWritable(base);
    Merging merging = new Merging(base, reduced.rules);
    Steps steps = Steps.of("merging", base.config(), progress);
    AtomicFolder.write(
        out,
        folder ->
            ModelFolder.write(
                folder,
                base,
                type,
                tensor -> {
                  steps.next();
                  return merging.tensor(
                      tensor, type.orElseGet(() -> ModelFolder.type(base, tensor)));
                }));
    return Merged.of(out, method.name(), reduced.keptEnergy, merging.sums()).by(merging.uses());
  }

  private Merged writeAdapter(Path out, Checkpoint base, Sources sources) {
    if (!(method.rule() instanceof Linear)) {
      throw new BadInput("--as adapter goes with --method linear or svd, not " + method.name());
    }
    if (!method.modules().isEmpty()) {
      throw new BadInput("--as adapter: rules for some modules go with --as model");
    }
    Reduction reduction = Reduction.of(method, sources.all(), base);
    Adapter adapter = reduction.adapter().over(model, sources.fingerprint());
    AtomicFolder.write(out, folder -> PeftFolder.write(folder, adapter));
    return Merged.of(out, method.name(), reduction.keptEnergy(), reduction.sums());
  }
}
