package dev.palimpsest.model;

import dev.palimpsest.model.DecoderWeights.Layer;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Weights of a decoder that train: F32 masters in one flat vector, their gradients in another, and
 * a decoder that computes with them. Where it computes in F32 its weights are views of the masters;
 * else they are copies, refreshed after each step, as mixed precision has it (Micikevicius et al.,
 * 1710.03740). Weights that do not train are the base's own.
 */
public final class TrainedWeights implements WeightGradients, AutoCloseable {
  private final ModelConfig config;
  private final DType weights;
  private final Map<String, FlatView> slots;
  private final Tensor parameters;
  private final Tensor gradient;
  private final List<Copy> copies = new ArrayList<>();
  private final List<Tensor> own = new ArrayList<>();
  private final Decoder decoder;

  /**
   * A weight in the type of the products, or one that is stored less {@code added}.
   *
   * @param rounded to this type, which may have fewer bits
   */
  private record Copy(Tensor into, DType rounded, Tensor master, double added) {}

  /**
   * The weights of these names, as the file stores them.
   *
   * @param base stays open as long as this, and stays as it is
   * @param stored the base's file
   * @param names that train, of {@link ModelTensors#shapes}
   */
  public TrainedWeights(Decoder base, WeightSource stored, Set<String> names) {
    this.config = base.config();
    this.weights = base.precision().weights();
    this.slots = slots(base, names);
    long size = slots.values().stream().mapToLong(FlatView::count).sum();
    try (Scope scope = Scope.open()) {
      this.gradient = scope.release(Tensor.zeros(base.device(), DType.F32, size));
      this.parameters = scope.release(gradient.newEmpty(DType.F32, size));
      for (FlatView slot : slots.values()) {
        try (Scope _ = Scope.open()) {
          slot.in(parameters).copyFrom(stored.read(slot.name(), DType.F32));
        }
      }
      this.decoder = base.with(weights(base.weights(), scope));
      refresh();
    }
  }

  /**
   * Where the weights of these names lie: modules of one projection side by side, so that it can be
   * a view of the flat vector.
   */
  public static Map<String, FlatView> slots(Decoder base, Set<String> names) {
    Map<String, long[]> shapes = ModelTensors.shapes(base.config());
    Set<String> order = new LinkedHashSet<>();
    for (Projection projection : base.weights().projections()) {
      projection.modules().forEach(module -> order.add(module + ".weight"));
      projection.modules().forEach(module -> order.add(module + ".bias"));
    }
    order.addAll(shapes.keySet());
    order.retainAll(shapes.keySet());
    order.retainAll(names);
    Map<String, FlatView> slots = new LinkedHashMap<>();
    long offset = 0;
    for (String name : order) {
      FlatView slot = new FlatView(name, offset, Objects.requireNonNull(shapes.get(name)));
      slots.put(name, slot);
      offset += slot.count();
    }
    return slots;
  }

  private DecoderWeights weights(DecoderWeights base, Scope scope) {
    Tensor embedding = embedding(base, scope);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < base.layers().size(); i++) {
      layers.add(layer(base.layers().get(i), "model.layers." + i + ".", scope));
    }
    Tensor norm = norm(base.finalNorm(), "model.norm", scope);
    return new DecoderWeights(embedding, List.copyOf(layers), norm, head(base, embedding));
  }

  private Weight head(DecoderWeights base, Tensor embedding) {
    if (!config.tiedHead()) {
      return matrix(base.head(), List.of(ModelTensors.HEAD), List.of(config.vocabulary()));
    }
    return embedding == base.embedding() ? base.head() : new Weight.Plain(embedding);
  }

  private Layer layer(Layer base, String prefix, Scope scope) {
    return new Layer(
        norm(base.beforeAttention(), prefix + BlockNorms.BEFORE_ATTENTION, scope),
        projection(base.queryKeyValue(), scope),
        ifThere(base.queryNorm(), prefix + BlockNorms.QUERY, scope),
        ifThere(base.keyNorm(), prefix + BlockNorms.KEY, scope),
        projection(base.output(), scope),
        ifThere(base.afterAttention(), prefix + BlockNorms.AFTER_ATTENTION, scope),
        norm(base.beforeFeedForward(), prefix + BlockNorms.beforeFeedForward(config), scope),
        base.feedForward().with(each -> projection(each, scope)),
        ifThere(base.afterFeedForward(), prefix + BlockNorms.AFTER_FEED_FORWARD, scope));
  }

  private Projection projection(Projection base, Scope scope) {
    Tensor bias = base.bias();
    return new Projection(
        base.modules(),
        base.widths(),
        matrix(base.weight(), named(base, ".weight"), base.widths()),
        bias == null ? null : trained(bias, named(base, ".bias"), base.widths(), 0, scope));
  }

  private static List<String> named(Projection projection, String suffix) {
    return projection.modules().stream().map(module -> module + suffix).toList();
  }

  private Weight matrix(Weight base, List<String> names, List<Integer> rows) {
    if (names.stream().noneMatch(slots::containsKey)) {
      return base;
    }
    try (Scope scope = Scope.open()) { // what is made plain goes before the next
      return new Weight.Plain(trained(base.dense(), names, rows, 0, scope));
    }
  }

  private @Nullable Tensor ifThere(@Nullable Tensor base, String module, Scope scope) {
    return base == null ? null : norm(base, module, scope);
  }

  private Tensor norm(Tensor base, String module, Scope scope) {
    double added = config.addedToNorms();
    return trained(base, List.of(module + ".weight"), List.of(config.width()), added, scope);
  }

  /**
   * One that trains is of the head's type, which may be wider: a tied head is multiplied with it.
   */
  private Tensor embedding(DecoderWeights base, Scope scope) {
    List<String> names = List.of(ModelTensors.EMBEDDING);
    return slots.containsKey(ModelTensors.EMBEDDING)
        ? trained(
            base.embedding().to(base.head().products()),
            names,
            List.of(config.vocabulary()),
            0,
            scope)
        : base.embedding();
  }

  /** The base's tensor, a view of the masters, or a copy of both. */
  private Tensor trained(
      Tensor base, List<String> names, List<Integer> rows, double added, Scope scope) {
    if (names.stream().noneMatch(slots::containsKey)) {
      return base;
    }
    Optional<Tensor> master = of(parameters, names);
    DType rounded = rounded(base, names);
    if (master.isPresent() && rounded == DType.F32 && added == 0) {
      return kept(master.get().detach(), scope);
    }
    Tensor copy = kept(base.copy(), scope);
    long row = 0;
    for (int i = 0; i < names.size(); i++) {
      FlatView slot = slots.get(names.get(i));
      if (slot != null) {
        Tensor into = names.size() == 1 ? copy : kept(copy.narrow(0, row, rows.get(i)), scope);
        copies.add(new Copy(into, rounded, kept(slot.in(parameters), scope), added));
      }
      row += rows.get(i);
    }
    return copy;
  }

  /** To what a copy is rounded: matrices may be of fewer bits than they are multiplied in. */
  private DType rounded(Tensor base, List<String> names) {
    boolean matrix = names.stream().map(slots::get).anyMatch(TrainedWeights::isMatrix);
    return matrix ? weights : base.dtype();
  }

  private static boolean isMatrix(@Nullable FlatView slot) {
    return slot != null && slot.shape().length == 2;
  }

  private Tensor kept(Tensor tensor, Scope scope) {
    own.add(scope.release(tensor));
    return tensor;
  }

  /** Tensors that lie one after the other in a flat vector, one below the other. */
  private Optional<Tensor> of(Tensor flat, List<String> names) {
    if (!slots.keySet().containsAll(names)) {
      return Optional.empty();
    }
    FlatView first = Objects.requireNonNull(slots.get(names.getFirst()));
    long count = 0;
    for (String name : names) {
      FlatView slot = Objects.requireNonNull(slots.get(name));
      if (slot.offset() != first.offset() + count) {
        throw new IllegalStateException(name + " does not lie beside " + names.getFirst());
      }
      count += slot.count();
    }
    long[] shape = first.shape().clone();
    shape[0] = count / (first.count() / shape[0]);
    return Optional.of(flat.narrow(0, first.offset(), count).view(shape));
  }

  /** The gradient, a view that lives as long as this. */
  @Override
  public Optional<Tensor> of(List<String> names) {
    try (Scope scope = Scope.open()) {
      return of(gradient, names).map(view -> kept(view, scope));
    }
  }

  @Override
  public void refresh() {
    for (Copy copy : copies) {
      try (Scope _ = Scope.open()) {
        copy.into.copyFrom(copy.master.to(copy.rounded));
      }
      if (copy.added != 0) {
        copy.into.plusInPlace(copy.added);
      }
    }
  }

  /** The masters, F32. */
  public Tensor parameters() {
    return parameters;
  }

  /** Gradients by the masters, F32. */
  public Tensor gradient() {
    return gradient;
  }

  /** Where each tensor lies, by name. */
  public Map<String, FlatView> slots() {
    return Collections.unmodifiableMap(slots);
  }

  /** The master of a tensor that trains, as the file would store it; a view. */
  public Optional<Tensor> master(String name) {
    return of(parameters, List.of(name));
  }

  /** The model with these weights; it ends with this. */
  public Decoder decoder() {
    return decoder;
  }

  @Override
  public void close() {
    own.forEach(Tensor::close);
    parameters.close();
    gradient.close();
  }
}
