package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Writes a LoRA as llama.cpp reads one ({@code src/llama-adapter.cpp}): each tensor's A and B under
 * the base's name, the rows of B in GGUF's order, and one alpha for all. A module whose scale is
 * not that alpha over its rank has the rest folded into B, which llama.cpp's own converter forgets:
 * patterns of rank and alpha, rsLoRA.
 */
public final class GgufAdapter {
  /** llama.cpp takes a file without alpha, or with 0, for one of scale 1. */
  private static final double NO_ALPHA = 0;

  private final Adapter adapter;
  private final GgufLayout layout;
  private final double alpha;

  private GgufAdapter(Adapter adapter, ModelConfig model) {
    this.adapter = adapter;
    this.layout = new GgufLayout(model.architecture(), model.headWidth());
    double usual =
        (float) AdapterConfig.plain(adapter.factors(), adapter.config().targets()).alpha();
    this.alpha = usual == NO_ALPHA || !Double.isFinite(usual) ? 1 : usual;
  }

  /**
   * Fails unless llama.cpp can compute what the adapter does.
   *
   * @throws BadInput naming everything it cannot
   */
  public static void requireWritable(Adapter adapter, ModelConfig model, String where) {
    Problems problems = new Problems();
    if (adapter.config().weightDecomposed()) {
      problems.add("DoRA's magnitudes are no product of factors: merge it with --format gguf");
    }
    for (String end : List.of(ModelTensors.EMBEDDING_MODULE, ModelTensors.HEAD_MODULE)) {
      if (adapter.ends().modules().contains(end)) {
        problems.add(end + " has weights of its own (modules_to_save, trainable_token_indices)");
      } else if (model.tiedHead() && adapter.factors().containsKey(end)) {
        problems.add(end + " is changed, which llama.cpp has twice in one tensor where it is tied");
      }
    }
    problems.throwIfAny(where + ": no GGUF LoRA can hold this adapter");
  }

  /**
   * Writes the file.
   *
   * @param type of the factors
   * @throws BadInput as {@link #requireWritable}, or if a factor is too large for the type
   */
  public static void write(Path file, Adapter adapter, ModelConfig model, GgufFileType type) {
    requireWritable(adapter, model, file.toString());
    try (Scope _ = Scope.open()) {
      new GgufAdapter(adapter.whole(), model).write(file, model.architecture(), type);
    }
  }

  /** One factor of a module. */
  private record Part(String module, Factors factors, boolean second) {}

  private void write(Path file, Architecture architecture, GgufFileType type) {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    String name = architecture.name().toLowerCase(Locale.ROOT);
    metadata.put("general.architecture", new GgufValue.Text(name));
    metadata.put("general.type", new GgufValue.Text("adapter"));
    metadata.put("adapter.type", new GgufValue.Text("lora"));
    metadata.put("adapter.lora.alpha", GgufConfigText.real(alpha));
    metadata.put("general.file_type", GgufConfigText.whole(type.id()));
    metadata.put("general.quantization_version", GgufConfigText.whole(2));
    List<GgufWriter.Plan> plans = new ArrayList<>();
    Map<String, Part> parts = new LinkedHashMap<>();
    adapter
        .factors()
        .forEach(
            (module, factors) -> {
              String tensor = layout.toGguf(module + ".weight").orElseThrow();
              for (boolean second : new boolean[] {false, true}) {
                Part part = new Part(module, factors, second);
                String of = tensor + (second ? ".lora_b" : ".lora_a");
                parts.put(of, part);
                plans.add(new GgufWriter.Plan(of, type.matrices(), shape(part)));
              }
            });
    GgufWriter.write(
        file,
        metadata,
        plans,
        (plan, out) -> {
          try (Scope _ = Scope.open()) {
            Tensor wide = tensor(Objects.requireNonNull(parts.get(plan.name())));
            Tensor narrow = wide.to(GgufTensors.elements(plan.type()));
            if (!narrow.isFinite()) {
              throw new BadInput(plan.name() + ": a factor is too large for " + plan.type());
            }
            GgufTensors.encode(plan, narrow, out);
          }
        });
  }

  private static boolean turned(Part part) {
    // an embedding's A is looked up by rows (llama-graph.cpp, build_inp_embd)
    return part.module.equals(ModelTensors.EMBEDDING_MODULE) && !part.second;
  }

  private static long[] shape(Part part) {
    long[] shape = part.second ? part.factors.b().shape() : part.factors.a().shape();
    return turned(part) ? new long[] {shape[1], shape[0]} : shape;
  }

  private Tensor tensor(Part part) {
    if (!part.second) {
      return turned(part) ? part.factors.a().transpose(0, 1).contiguous() : part.factors.a();
    }
    Factors folded = part.factors.atScale(alpha / part.factors.rank());
    return layout.stored(part.module + ".weight", folded.b());
  }
}
