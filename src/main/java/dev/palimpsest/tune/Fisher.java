package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Source;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.Safetensors;
import dev.palimpsest.model.SafetensorsWriter;
import dev.palimpsest.model.TrainedWeights;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The diagonal of a model's Fisher information by its weights, a token: the sum over examples of (∂
 * log p(labels) / ∂W)², divided by the number of labels. Each example's gradient is squared by
 * itself. Where the labels are data's this is the empirical Fisher; where the model has written the
 * text, cross terms between tokens vanish in expectation, and it estimates the true one.
 *
 * @param slots where each tensor lies, by name
 * @param values all of them, F32
 */
record Fisher(Map<String, FlatView> slots, Tensor values) implements AutoCloseable {
  private static final String FILE = "fisher.safetensors";

  /**
   * Measures it.
   *
   * @param weights that it is by, as the model has them; their gradient is used up
   */
  static Fisher of(TrainedWeights weights, Source data, Progress progress) {
    Fisher fisher = zeros(weights.slots(), weights.decoder().device());
    long labels = 0;
    try (FrozenDecoder decoder = new FrozenDecoder(weights)) {
      for (int i = 0; i < data.size(); i++) {
        for (Example example : data.at(i, 0)) {
          weights.gradient().zeroInPlace();
          new CrossEntropy().backward(decoder, List.of(example), 1);
          fisher.values.plusProductInPlace(weights.gradient(), weights.gradient(), 1);
          labels += example.labels();
        }
        progress.report(new Progress.Point("fisher", i + 1, data.size(), "texts", ""));
      }
    }
    fisher.values.timesInPlace(1.0 / labels);
    if (labels == 0 || !fisher.values.isFinite()) {
      fisher.close();
      throw new BadInput(
          labels == 0
              ? "--ewc-data: no label among its rows"
              : "--ewc-data: the squared gradients are not finite; give --dtype fp32");
    }
    return fisher;
  }

  /** Nothing is held. */
  static Fisher zeros(Map<String, FlatView> slots, Device device) {
    long size = slots.values().stream().mapToLong(FlatView::count).sum();
    try (Scope scope = Scope.open()) {
      return new Fisher(slots, scope.release(Tensor.zeros(device, DType.F32, size)));
    }
  }

  /** Reads what {@link #write} wrote into a folder. */
  static Fisher read(Path folder, Map<String, FlatView> slots, Device device) {
    Path file = folder.resolve(FILE);
    Fisher fisher = zeros(slots, device);
    try (Safetensors stored = Safetensors.open(file)) {
      for (FlatView slot : slots.values()) {
        try (Scope _ = Scope.open()) {
          slot.in(fisher.values).copyFrom(Tuner.read(stored, slot.name(), file));
        }
      }
    }
    return fisher;
  }

  void write(Path folder) {
    SafetensorsWriter.write(
        folder.resolve(FILE),
        slots.values().stream()
            .map(slot -> new SafetensorsWriter.Plan(slot.name(), DType.F32, slot.shape()))
            .toList(),
        this::of);
  }

  /** Of one tensor, in its shape, in the scope that is open. */
  Tensor of(String name) {
    return Objects.requireNonNull(slots.get(name), name).in(values);
  }

  @Override
  public void close() {
    values.close();
  }
}
