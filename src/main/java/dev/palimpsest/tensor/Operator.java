package dev.palimpsest.tensor;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;

/** An operation of libtorch that the presets do not list, called by its name. */
final class Operator {
  private final OperatorHandle handle;

  /**
   * Looks it up once and for all.
   *
   * @param name with its namespace, as in ATen's native_functions.yaml
   */
  Operator(String name) {
    this(name, "");
  }

  /** The same of one that has several forms. */
  Operator(String name, String form) {
    Native.load();
    handle = Dispatcher.singleton().findSchemaOrThrow(name, form);
    handle.retainReference(); // it outlives the scope that happens to be open
  }

  /** Calls it with all of its arguments. */
  Results call(IValue... arguments) {
    IValueVector stack = new IValueVector();
    for (IValue argument : arguments) {
      stack.push_back(argument);
    }
    handle.callBoxed(stack);
    return new Results(stack);
  }

  /** An argument that stays as it is in all calls. */
  static IValue lasting(IValue argument) {
    argument.retainReference();
    return argument;
  }

  /** What a call gave. */
  record Results(IValueVector stack) {
    /** The stack owns what it hands out, so a handle of its own. */
    Tensor tensor(long index) {
      return new Tensor(new org.bytedeco.pytorch.Tensor(stack.get(index).toTensor()));
    }

    /** The same of what is no tensor; it lives until closed. */
    IValue value(long index) {
      return lasting(new IValue(stack.get(index)));
    }
  }
}
