package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is merged, opened and checked against the base. Adapters lie in the scope that was open when
 * they were read; models are closed with this.
 */
public final class Sources implements AutoCloseable {
  private final Checkpoint base;
  private final List<Source> sources = new ArrayList<>();
  private Optional<String> fingerprint = Optional.empty();

  /** None yet. */
  public Sources(Checkpoint base) {
    this.base = base;
  }

  /** In the order in which they were given. */
  public List<Source> all() {
    return List.copyOf(sources);
  }

  /**
   * Reads an adapter.
   *
   * @param anyBase whether it may have been trained over another base
   * @throws BadInput if it is no LoRA, does not fit, parts what the base ties, or was trained over
   *     another base
   */
  public void adapter(Path folder, double weight, boolean anyBase) {
    Adapter adapter = PeftFolder.readLora(folder, base.config());
    if (base.config().tiedHead()) {
      adapter.requireTied(folder.toString());
    }
    sources.add(new Source.Lora(folder.toString(), weight, adapter));
    if (!anyBase && adapter.baseFingerprint().isPresent()) {
      adapter.requireBase(fingerprint(), folder.toString());
    }
  }

  /**
   * Opens a tuned model.
   *
   * @param name what the user called it
   * @throws BadInput if its tensors are not those of the base
   */
  public void tuned(String name, double weight, Path file) {
    Checkpoint tuned = Checkpoint.open(file);
    sources.add(new Source.Tuned(name, weight, tuned));
    requireShape(tuned, base.config());
  }

  /**
   * Opens a tuned model that may have more tokens than the base, or fewer.
   *
   * @param name what the user called it
   * @throws BadInput if its tensors are not those of the base for any other reason
   */
  public Source.Tuned tunedOfAnyVocabulary(String name, Path file) {
    Checkpoint tuned = Checkpoint.open(file);
    Source.Tuned source = new Source.Tuned(name, 1, tuned);
    sources.add(source);
    requireShape(tuned, base.config().withVocabulary(tuned.config().vocabulary()));
    return source;
  }

  private void requireShape(Checkpoint tuned, ModelConfig expected) {
    Problems problems = new Problems();
    Map<String, long[]> shapes = ModelTensors.shapes(expected);
    Map<String, TensorInfo> found = tuned.weights().tensors();
    shapes.forEach(
        (name, shape) -> {
          TensorInfo info = found.get(name);
          if (info == null) {
            problems.add(name + " is missing");
          } else if (!Arrays.equals(info.shape(), shape)) {
            problems.add(
                name
                    + " is "
                    + Arrays.toString(info.shape())
                    + ", in the base "
                    + Arrays.toString(shape));
          }
        });
    ModelTensors.shapes(tuned.config()).keySet().stream()
        .filter(name -> !shapes.containsKey(name) && !name.equals(ModelTensors.HEAD))
        .forEach(name -> problems.add(name + " is not in the base"));
    if (base.config().tiedHead() && !tuned.config().tiedHead()) {
      problems.add("it has a head of its own, the base's is tied to the embedding");
    }
    problems.throwIfAny(tuned.path() + ": no tuned form of " + base.path());
  }

  /** The base's fingerprint, read once. */
  public String fingerprint() {
    if (fingerprint.isEmpty()) {
      fingerprint = Optional.of(base.fingerprint());
    }
    return fingerprint.get();
  }

  @Override
  public void close() {
    for (Source source : sources) {
      if (source instanceof Source.Tuned tuned) {
        tuned.model().close();
      }
    }
  }
}
