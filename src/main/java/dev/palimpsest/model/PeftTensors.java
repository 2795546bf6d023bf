package dev.palimpsest.model;

import static dev.palimpsest.model.ModelTensors.EMBEDDING_MODULE;
import static dev.palimpsest.model.ModelTensors.HEAD_MODULE;

import dev.palimpsest.run.Problems;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The tensors of a LoRA's {@code adapter_model.safetensors}, by their names without PEFT's prefix,
 * checked: none is missing, unknown, or of another shape than model and configuration ask for.
 */
final class PeftTensors {
  static final String PREFIX = "base_model.model.";
  private static final String MAGNITUDE = ".lora_magnitude_vector";
  static final String ROWS = ".token_adapter.trainable_tokens_delta";
  private static final String WHOLE = ".weight";

  /** What PEFT calls the base's own matrix, which it writes beside factors of an end. */
  private static final List<String> OF_BASE =
      List.of(".base_layer.weight", ".token_adapter.base_layer.weight");

  private static final List<String> ENDS = List.of(EMBEDDING_MODULE, HEAD_MODULE);

  private final Safetensors file;
  private final ModelConfig model;
  private final Map<String, Safetensors.Entry> entries = new TreeMap<>();
  private final Problems problems = new Problems();
  private final Set<String> known = new TreeSet<>();

  PeftTensors(Safetensors file, ModelConfig model) {
    this.file = file;
    this.model = model;
    for (Safetensors.Entry entry : file.tensors().values()) {
      String name =
          entry.name().startsWith(PREFIX)
              ? SafetensorsWeights.textName(entry.name().substring(PREFIX.length()))
              : entry.name();
      if (entries.put(name, entry) != null) {
        problems.add(entry.name() + " comes twice");
      }
    }
  }

  /** The tensors of an adapter, in PEFT's names. */
  static Map<String, Tensor> named(Adapter adapter) {
    Map<String, Tensor> tensors = new TreeMap<>();
    adapter
        .factors()
        .forEach(
            (module, factors) -> {
              tensors.put(PREFIX + module + a(module), factors.a());
              tensors.put(PREFIX + module + b(module), factors.b());
              Tensor magnitude = factors.magnitude();
              if (magnitude != null) {
                tensors.put(PREFIX + module + MAGNITUDE, magnitude);
              }
            });
    EndWeights ends = adapter.ends();
    ends.whole().forEach((module, whole) -> tensors.put(PREFIX + module + WHOLE, whole));
    ends.writtenRows().forEach((module, rows) -> tensors.put(PREFIX + module + ROWS, rows.rows()));
    return tensors;
  }

  static String a(String module) {
    return module.equals(EMBEDDING_MODULE) ? ".lora_embedding_A" : ".lora_A.weight";
  }

  static String b(String module) {
    return module.equals(EMBEDDING_MODULE) ? ".lora_embedding_B" : ".lora_B.weight";
  }

  /** The adapter, its tensors in the caller's scope. */
  Adapter adapter(AdapterConfig config, PeftEnds ends) {
    Map<String, ModelTensors.Linear> modules = config.modules(model);
    modules.forEach((module, linear) -> checkFactors(config, module, linear));
    ends.saved().forEach(module -> check(module + WHOLE, table()));
    ends.tokens().forEach((module, ids) -> checkRows(module, ids, ends));
    OF_BASE.forEach(suffix -> checkIfThere(EMBEDDING_MODULE + suffix));
    OF_BASE.forEach(suffix -> checkIfThere(HEAD_MODULE + suffix));
    Set<String> wrapped = new TreeSet<>(modules.keySet());
    wrapped.addAll(ends.tokens().keySet());
    ENDS.stream()
        .filter(module -> !wrapped.contains(module))
        .forEach(module -> checkIfThere(module + WHOLE));
    entries.forEach(
        (name, entry) -> {
          if (!known.contains(name)) {
            problems.add(
                entry.name()
                    + " is no factor of a target module of this model, and no weight that "
                    + PeftFolder.CONFIG
                    + " names");
          }
        });
    problems.throwIfAny(
        file.path() + ": the factors do not fit the model and " + PeftFolder.CONFIG);
    return new Adapter(config, factors(config, modules.keySet()), ends(ends));
  }

  private void checkFactors(AdapterConfig config, String module, ModelTensors.Linear linear) {
    long rank = config.rank(module);
    check(module + a(module), rank, linear.in());
    check(module + b(module), linear.out(), rank);
    if (config.weightDecomposed()) {
      check(module + MAGNITUDE, linear.out());
    }
  }

  private void checkRows(String module, List<Integer> ids, PeftEnds ends) {
    ids.stream()
        .filter(id -> id >= model.vocabulary())
        .forEach(
            id ->
                problems.add(
                    "trainable_token_indices has "
                        + id
                        + ", the model has "
                        + model.vocabulary()
                        + " tokens"));
    if (!module.equals(HEAD_MODULE) || !ends.sharesRows(model)) {
      check(module + ROWS, ids.size(), model.width());
    }
  }

  private void checkIfThere(String name) {
    if (entries.containsKey(name)) {
      check(name, table());
    }
  }

  private long[] table() {
    return new long[] {model.vocabulary(), model.width()};
  }

  private void check(String name, long... shape) {
    known.add(name);
    Safetensors.Entry entry = entries.get(name);
    if (entry == null) {
      problems.add(name + " is missing, expected " + Arrays.toString(shape));
    } else if (!Arrays.equals(entry.shape(), shape)) {
      problems.add(
          name + " is " + Arrays.toString(entry.shape()) + ", expected " + Arrays.toString(shape));
    }
  }

  private Map<String, Factors> factors(AdapterConfig config, Set<String> modules) {
    Map<String, Factors> factors = new LinkedHashMap<>();
    for (String module : modules) {
      Tensor magnitude = config.weightDecomposed() ? read(module + MAGNITUDE) : null;
      factors.put(
          module,
          new Factors(
              read(module + a(module)),
              read(module + b(module)),
              config.scale(module),
              magnitude,
              null));
    }
    return factors;
  }

  private EndWeights ends(PeftEnds ends) {
    Map<String, Tensor> whole = new LinkedHashMap<>();
    Map<String, TokenRows> rows = new LinkedHashMap<>();
    Map<String, Tensor> once = new HashMap<>();
    for (String module : ENDS) {
      whole(module, ends)
          .ifPresent(name -> whole.put(module, once.computeIfAbsent(name, this::stored)));
      List<Integer> ids = ends.tokens().get(module);
      if (ids != null && ends.sharesRows(model) && !rows.isEmpty()) {
        rows.put(module, Objects.requireNonNull(rows.get(EMBEDDING_MODULE)));
      } else if (ids != null) {
        rows.put(module, new TokenRows(ids, read(module + ROWS)));
      }
    }
    return new EndWeights(whole, rows);
  }

  /**
   * What stands in the place of the base's: the trained copy, or the base's own as PEFT saved it.
   */
  private Optional<String> whole(String module, PeftEnds ends) {
    if (ends.saved().contains(module)) {
      return Optional.of(module + WHOLE);
    }
    Optional<String> own = ofBase(module);
    return own.isPresent() || !model.tiedHead()
        ? own
        : ENDS.stream()
            .filter(other -> !other.equals(module) && !ends.saved().contains(other))
            .flatMap(other -> ofBase(other).stream())
            .findFirst();
  }

  private Optional<String> ofBase(String module) {
    return Stream.concat(OF_BASE.stream(), Stream.of(WHOLE))
        .map(suffix -> module + suffix)
        .filter(entries::containsKey)
        .findFirst();
  }

  private Tensor read(String name) {
    return read(name, DType.F32);
  }

  /** A whole matrix stays in bf16, if it is: the base's lies in memory beside it. */
  private Tensor stored(String name) {
    boolean half = Objects.requireNonNull(entries.get(name)).type() == DType.BF16;
    return read(name, half ? DType.BF16 : DType.F32);
  }

  private Tensor read(String name, DType type) {
    Safetensors.Entry entry = Objects.requireNonNull(entries.get(name), name);
    return SafetensorsWeights.read(file.path() + ": tensor " + entry.name(), entry, type);
  }
}
