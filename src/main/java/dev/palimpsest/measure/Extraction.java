package dev.palimpsest.measure;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.merge.ExtractJob;
import dev.palimpsest.merge.Extracted;
import dev.palimpsest.merge.InputMoments;
import dev.palimpsest.merge.MergeJob;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * An adapter out of a tuned model, with what texts say: along some its errors are weighed, along
 * others its behaviour is held against the tuned model's. Models run in fp32 there.
 */
public record Extraction(ExtractJob job, Optional<GivenTexts> weigh, Optional<GivenTexts> check) {
  /** The ledger's own, so that a divergence is along the same texts. */
  private static final Seeds DRAWS = new Seeds(0);

  /** Checks that nothing is judged by what it was made with. */
  public Extraction {
    if (check.isPresent() && check.get().count() == 0 && check.equals(weigh)) {
      throw new BadInput(
          "--check "
              + check.get().file()
              + ": is the file of --weigh-by; give other texts, which had no part in the adapter");
    }
  }

  /** What was made. */
  public record Report(Extracted extracted, Optional<Captured> captured) {
    /** The document. */
    public ObjectNode json() {
      ObjectNode document = Json.mapper().valueToTree(extracted);
      document.set("behaviour", captured.map(Captured::json).orElse(null));
      return document;
    }

    /** For people. */
    public String text() {
      return extracted.text() + captured.map(each -> "\n" + each.text()).orElse("");
    }
  }

  /** Extracts into a new folder, and looks at what became of it. */
  public Report run(Path out, MergeJob.Models models, Progress progress) {
    AtomicFolder.requireNew(out);
    if (weigh.isEmpty() && check.isEmpty()) {
      return new Report(job.run(out, models, Optional.empty(), progress), Optional.empty());
    }
    try (LanguageModel base = load(models, job.model())) {
      if (check.isPresent()) {
        requireOneVocabulary(base, models);
      }
      Optional<Captured.Held> held =
          check.map(each -> new Captured.Held(each.named(), each.ids(base, DRAWS)));
      Extracted extracted = extracted(out, base, models, progress);
      return new Report(extracted, held.map(texts -> captured(texts, out, base, models, progress)));
    }
  }

  /** A divergence is between distributions over the same tokens. */
  private void requireOneVocabulary(LanguageModel base, MergeJob.Models models) {
    int before = base.decoder().config().vocabulary();
    try (Checkpoint tuned = Checkpoint.open(models.locate(job.tuned()))) {
      int after = tuned.config().vocabulary();
      if (before != after) {
        throw new BadInput(
            "--check: %s has %,d tokens, %s %,d, and no divergence is between them; leave it out, or"
                    .formatted(job.tuned(), after, job.model(), before)
                + " give a base with these tokens (grow --method tokens makes one)");
      }
    }
  }

  private Extracted extracted(
      Path out, LanguageModel base, MergeJob.Models models, Progress progress) {
    if (weigh.isEmpty()) {
      return job.run(out, models, Optional.empty(), progress);
    }
    List<int[]> texts = weigh.get().ids(base, new Seeds(DRAWS.seed("weigh")));
    try (InputMoments inputs = new InputMoments(base.decoder(), texts, progress)) {
      return job.run(out, models, Optional.of(inputs), progress);
    }
  }

  private Captured captured(
      Captured.Held texts,
      Path out,
      LanguageModel base,
      MergeJob.Models models,
      Progress progress) {
    try (LanguageModel tuned = load(models, job.tuned())) {
      return Captured.along(
          texts,
          TunedModel.base(job.tuned(), tuned),
          TunedModel.base(job.model(), base),
          TunedModel.with(job.model(), base, out),
          progress);
    }
  }

  private static LanguageModel load(MergeJob.Models models, String model) {
    return LanguageModel.load(models.locate(model), Precision.FP32, Device.best());
  }
}
