package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.GgmlType;
import dev.palimpsest.model.GgufFileType;
import dev.palimpsest.model.GgufLayout;
import dev.palimpsest.model.GgufModel;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.Sources;
import dev.palimpsest.model.TypeMix;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What quantising a model costs, and what it leaves of an adapter. A change smaller than a step of
 * the grid is gone when it is added to weights that lie on the grid and rounded back; added to
 * weights between the steps it survives on average, since it moves some of them over.
 *
 * @param model what the user called it
 * @param adapter a PEFT folder
 * @param anyBase whether an adapter of another base is taken
 * @param type of the file
 */
public record QuantiseJob(
    String model, Optional<Path> adapter, boolean anyBase, GgufFileType type) {
  private static final String GGUF = ".gguf";

  /**
   * Measures tensor by tensor, and writes what was measured: one GGUF file, or in a folder the
   * model and an adapter that would not survive in it.
   *
   * @param out a new folder, or a new file whose name ends in {@code .gguf}; without it nothing is
   *     written
   * @throws BadInput if it is there already, or a file and the adapter needs a place beside it
   */
  public Quantised run(Optional<Path> out, MergeJob.Models models, Progress progress) {
    return out.isPresent() ? write(out.get(), models, progress) : measure(models, progress);
  }

  private Quantised measure(MergeJob.Models models, Progress progress) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              Checkpoint base = Checkpoint.open(models.locate(model));
              Sources sources = new Sources(base)) {
            GgufModel.requireDense(base);
            adapter.ifPresent(folder -> sources.adapter(folder, 1, anyBase));
            return new Measured(base, sources.all(), type).all(progress);
          }
        });
  }

  private Quantised write(Path out, MergeJob.Models models, Progress progress) {
    AtomicFolder.requireNew(out);
    Quantised measured = measure(models, progress);
    boolean apart = measured.advice() == Quantised.Advice.KEEP_APART;
    boolean folder = !out.toString().endsWith(GGUF);
    if (apart && !folder) {
      throw new BadInput(
          out
              + ": only %.2f of the adapter's change would survive in it; give a folder, where the"
                  .formatted(measured.share())
              + " adapter is kept apart (export --format gguf merges all the same)");
    }
    List<Weighted> own = adapter.map(each -> new Weighted(each.toString(), 1)).stream().toList();
    ExportJob.Form gguf = new ExportJob.Form.Gguf(Optional.of(type));
    ExportJob plain = new ExportJob(model, apart ? List.of() : own, anyBase);
    if (!folder) {
      plain.run(out, gguf, models, progress);
      return measured.in(out, Optional.empty());
    }
    AtomicFolder.write(
        out,
        into -> {
          plain.run(into.resolve(Quantised.MODEL), gguf, models, progress);
          if (apart) {
            new ExportJob(model, own, anyBase)
                .run(
                    into.resolve(Quantised.ADAPTER),
                    new ExportJob.Form.GgufLora(GgufFileType.F16),
                    models,
                    progress);
          }
        });
    return measured.in(
        out.resolve(Quantised.MODEL),
        apart ? Optional.of(out.resolve(Quantised.ADAPTER)) : Optional.empty());
  }

  /** One model's tensors. */
  private record Measured(Checkpoint base, List<Source> sources, GgufFileType type) {
    Quantised all(Progress progress) {
      new Linear().check(sources);
      GgufLayout layout = new GgufLayout(base.config().architecture(), base.config().headWidth());
      TypeMix mix = TypeMix.of(type.matrices(), base.config());
      Steps steps = Steps.of("measuring", base.config(), progress);
      List<QuantisedTensor> tensors = new ArrayList<>();
      List<Survival.Sums> survival = new ArrayList<>();
      QuantisedTensor.Sums total = new QuantisedTensor.Sums();
      ModelTensors.shapes(base.config())
          .forEach(
              (name, shape) -> {
                steps.next();
                GgmlType to = mix.of(layout.toGguf(name).orElseThrow(), shape);
                Survival.Sums kept = new Survival.Sums(name);
                QuantisedTensor.Sums loss = tensor(name, to, kept);
                total.add(loss);
                survival.add(kept);
                tensors.add(
                    loss.of(Objects.requireNonNull(base.weights().tensors().get(name)), to));
              });
      return Quantised.of(type, tensors, total.relativeError(), Survival.of(survival));
    }

    private QuantisedTensor.Sums tensor(String name, GgmlType to, Survival.Sums kept) {
      List<Source> changing = sources.stream().filter(each -> each.changes(name)).toList();
      ChangedTensor tensor = new ChangedTensor(base, name, changing);
      QuantisedTensor.Sums loss = new QuantisedTensor.Sums();
      Rule.Rows change = new Linear().over(tensor);
      // what is of the type already is copied
      boolean stays = tensor.info().storedType().equals(to.name());
      tensor.eachPiece(
          (_, before, changes) -> {
            Tensor grid = stays ? before : quantised(name, to, before);
            loss.add(before, grid);
            if (!changes.isEmpty()) {
              Tensor wanted = change.of(before, changes);
              kept.once.add(
                  before, wanted, quantised(name, to, before.plus(wanted)).minusInPlace(before));
              kept.again.add(
                  grid, wanted, quantised(name, to, grid.plus(wanted)).minusInPlace(grid));
            }
          });
      return loss;
    }

    /** Packed and read again: F64. */
    private static Tensor quantised(String name, GgmlType to, Tensor rows) {
      return to.decode(name, to.encode(name, rows), rows.shape()).to(DType.F64);
    }
  }
}
