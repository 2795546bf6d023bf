package dev.palimpsest.tune;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a low-rank run has changed of each module since it began, Δ = s · (B · A − B₀ · A₀), never
 * made dense here. Fresh LoRA begins with B₀ = 0; PiSSA, and an adapter that trains on, do not.
 */
final class FactorChange implements AutoCloseable {
  private final LoraParameters trained;
  private final Optional<Tensor> copied;

  /** The change of parameters that have just begun. */
  FactorChange(LoraParameters fresh) {
    this.trained = fresh;
    try (Scope scope = Scope.open()) {
      long ofA = fresh.layout().ofA();
      Tensor b = fresh.parameters().narrow(0, ofA, fresh.layout().ofB());
      boolean nothing = b.square().sum().item() == 0;
      this.copied =
          nothing || fresh.start().isPresent()
              ? Optional.empty()
              : Optional.of(scope.release(fresh.parameters().copy()));
    }
  }

  /** A term of one module. */
  @FunctionalInterface
  interface OfModule {
    /**
     * Adds the gradient by A and B; gives the value.
     *
     * @param now the factors
     * @param change factors whose scale · B · A is Δ
     * @param gradient where the gradients by the factors add up
     */
    double backward(String module, Factors now, Factors change, Factors gradient);
  }

  /** The sum of a term over all modules. */
  double backward(OfModule term) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            return sum(term);
          }
        });
  }

  private double sum(OfModule term) {
    FactorLayout layout = trained.layout();
    Map<String, Factors> now = layout.views(trained.parameters());
    Map<String, Factors> gradients = layout.views(trained.gradient());
    Optional<Map<String, Factors>> start = trained.start().or(() -> copied).map(layout::views);
    double sum = 0;
    for (String module : layout.modules().keySet()) {
      try (Scope _ = Scope.open()) {
        Factors current = Objects.requireNonNull(now.get(module));
        Factors change =
            start
                .map(all -> since(Objects.requireNonNull(all.get(module)), current))
                .orElse(current);
        Factors gradient = Objects.requireNonNull(gradients.get(module));
        sum += term.backward(module, current, change, gradient);
      }
    }
    return sum;
  }

  /** (B − B₀) · A + B₀ · (A − A₀): nothing large cancels. */
  private static Factors since(Factors start, Factors now) {
    return new Factors(
        Tensor.cat(0, List.of(now.a(), now.a().minus(start.a()))),
        Tensor.cat(1, List.of(now.b().minus(start.b()), start.b())),
        now.scale());
  }

  @Override
  public void close() {
    copied.ifPresent(Tensor::close);
  }
}
