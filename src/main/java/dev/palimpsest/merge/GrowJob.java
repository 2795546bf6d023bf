package dev.palimpsest.merge;

import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model that becomes a larger one.
 *
 * @param model what the user called the base
 * @param type of the tensors; the base's own if empty, F32 for a quantised base
 */
public record GrowJob(String model, Growth growth, Optional<DType> type, Check check) {
  /** What is held against the base before the folder appears. */
  public enum Check {
    /** The logits of both models, run in fp32. */
    LOGITS,
    /** Nothing: no model is run. */
    NONE
  }

  /**
   * Grows into a new folder, which appears whole or not at all.
   *
   * @throws BadInput if the method does not go with the base, or the folder is there already
   */
  public Grown run(Path out, MergeJob.Models models, Progress progress) {
    AtomicFolder.requireNew(out);
    return Native.withoutGradients(
        () -> {
          try (Checkpoint base = Checkpoint.open(models.locate(model))) {
            Blueprint blueprint = growth.over(base.config());
            ModelFolder.requireWritable(base, blueprint.config());
            if (check == Check.LOGITS) {
              LogitCheck.requireMemory(blueprint.config());
            }
            List<LogitCheck> logits = new ArrayList<>();
            AtomicFolder.write(
                out,
                folder -> {
                  write(folder, base, blueprint, progress);
                  if (check == Check.LOGITS) {
                    logits.add(checked(folder, base));
                  }
                });
            return Grown.of(out, growth, blueprint, logits.stream().findFirst());
          }
        });
  }

  private void write(Path folder, Checkpoint base, Blueprint blueprint, Progress progress) {
    Steps steps = Steps.of("growing", blueprint.config(), progress);
    ModelFolder.write(
        folder,
        base,
        new ModelFolder.Reshaped(
            blueprint.config(),
            type,
            blueprint::origin,
            name -> {
              steps.next();
              Tensor origin = base.weights().read(blueprint.origin(name), DType.F32);
              return blueprint.making().of(name, origin);
            }));
    new GrowthRecord(
            model,
            base.fingerprint(),
            growth.name(),
            blueprint.blocks(),
            blueprint.added(),
            blueprint.newParts(),
            GrowthRecord.before(base.path()).map(GrowthRecord::newTokens).orElse(Map.of()))
        .write(folder);
  }

  private static LogitCheck checked(Path folder, Checkpoint base) {
    try (Checkpoint grown = Checkpoint.open(folder)) {
      return LogitCheck.between(base, grown);
    }
  }
}
