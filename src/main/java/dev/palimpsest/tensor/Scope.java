package dev.palimpsest.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Scoped memory: every tensor made on this thread while a scope is open is freed when the scope
 * closes, unless it was {@linkplain #keep kept}. Scopes nest; nothing waits for the garbage
 * collector.
 */
public final class Scope implements AutoCloseable {
  private final @Nullable PointerScope outer;
  private final PointerScope scope;

  private Scope(@Nullable PointerScope outer, PointerScope scope) {
    this.outer = outer;
    this.scope = scope;
  }

  /** Opens a scope on the current thread. */
  public static Scope open() {
    Native.load();
    PointerScope outer = PointerScope.getInnerScope();
    return new Scope(outer, new PointerScope());
  }

  /**
   * Hands a tensor of this scope to the scope around it; without one it lives until {@link
   * Tensor#close}.
   */
  public Tensor keep(Tensor tensor) {
    if (outer != null) {
      outer.attach(tensor.handle());
    } else {
      tensor.handle().retainReference();
    }
    // only now, since detaching gives up this scope's reference
    scope.detach(tensor.handle());
    return tensor;
  }

  /** Takes a tensor out of every scope: it lives until {@link Tensor#close}. */
  public Tensor release(Tensor tensor) {
    tensor.handle().retainReference();
    scope.detach(tensor.handle());
    return tensor;
  }

  @Override
  public void close() {
    scope.close();
  }
}
