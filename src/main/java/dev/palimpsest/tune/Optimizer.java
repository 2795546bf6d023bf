package dev.palimpsest.tune;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Moves parameters along their gradient. */
interface Optimizer extends AutoCloseable {
  /** The names that a user may give. */
  List<String> NAMES = List.of("adamw", "adamw8bit", "adafactor", "sgd");

  /** What transformers' Trainer spares from weight decay (get_decay_parameter_names). */
  Pattern SPARED = Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)");

  /**
   * One step.
   *
   * @param step from 1
   * @param rate learning rate
   */
  void step(Tensor parameters, Tensor gradient, long step, double rate);

  /** What it remembers between steps, by name, in place. */
  Map<String, Tensor> state();

  @Override
  void close();

  /** The optimiser of a name for what trains. */
  static Optimizer of(String name, Trained trained, double decay) {
    return trained.stretches().stream().allMatch(stretch -> stretch.share() == 1)
        ? of(name, trained.views(), decay, trained.parameters().device())
        : ByStretch.of(name, trained, decay);
  }

  /**
   * The optimiser of a name.
   *
   * @param views of the tensors that the parameters are made of
   * @param device where they lie
   * @throws BadInput if the optimiser does not compute there
   */
  static Optimizer of(String name, List<FlatView> views, double decay, Device device) {
    return switch (name) {
      case "adamw" -> new AdamW(views, decay, device);
      case "adamw8bit" -> new AdamW8bit(views, decay, device);
      case "adafactor" -> new Adafactor(views, decay, device);
      case "sgd" -> new Sgd();
      default -> throw new IllegalArgumentException(unknown(name));
    };
  }

  /** What is said of a name that is none. */
  static String unknown(String name) {
    return "optimizer " + name + ": known are " + String.join(", ", NAMES);
  }

  /** Bytes of state that a tensor needs. */
  static long stateBytes(String name, long[] shape) {
    FlatView view = new FlatView("", 0, shape);
    return switch (name) {
      case "adamw" -> 8 * view.count();
      case "adamw8bit" -> AdamW8bit.stateBytes(view);
      case "adafactor" -> 4 * Adafactor.size(view);
      default -> 0;
    };
  }

  /** Bytes that a step needs for a moment, given its largest tensor's elements. */
  static long temporaryBytes(String name, long largest) {
    return switch (name) {
      case "adamw" -> 4 * Math.min(largest, AdamW.PIECE);
      case "adafactor" -> 12 * largest; // the square, the update, and one of either in between
      default -> 0;
    };
  }

  /** Shrinks the parameters that decay. */
  static void decay(Tensor parameters, List<FlatView> views, double share) {
    if (share > 0) {
      for (FlatView view : views) {
        if (!SPARED.matcher(view.name()).find()) {
          view.in(parameters).timesInPlace(1 - share);
        }
      }
    }
  }

  /** Plain gradient descent. */
  record Sgd() implements Optimizer {
    @Override
    public void step(Tensor parameters, Tensor gradient, long step, double rate) {
      parameters.plusInPlace(gradient, -rate);
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of();
    }

    @Override
    public void close() {}
  }
}
