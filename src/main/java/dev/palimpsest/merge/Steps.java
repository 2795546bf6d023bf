package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.Progress;

/** Work on a model tensor by tensor, as its progress is told. */
final class Steps {
  private final String work;
  private final int all;
  private final Progress progress;
  private int done;

  private Steps(String work, int all, Progress progress) {
    this.work = work;
    this.all = all;
    this.progress = progress;
  }

  /** None done yet of a model of this shape. */
  static Steps of(String work, ModelConfig config, Progress progress) {
    return new Steps(work, ModelTensors.shapes(config).size(), progress);
  }

  /** Tells the next one. */
  void next() {
    progress.report(work, ++done, all, "tensors");
  }
}
