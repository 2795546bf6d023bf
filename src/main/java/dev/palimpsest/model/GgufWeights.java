package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The weights of a GGUF file under Hugging Face's names and in its layout. */
final class GgufWeights implements StoredWeights {
  /** Llama 3's frequency factors: part of the configuration, not a weight. */
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private final Gguf file;
  private final GgufLayout layout;
  private final Map<String, Gguf.Entry> entries = new TreeMap<>();
  private final Map<String, TensorInfo> tensors = new TreeMap<>();

  GgufWeights(Gguf file, ModelConfig config) {
    this.file = file;
    this.layout = new GgufLayout(config.architecture(), config.headWidth());
    for (Gguf.Entry entry : file.tensors().values()) {
      if (entry.name().equals(ROPE_FACTORS)) {
        continue;
      }
      // a tensor that the architecture does not know keeps its name, and is refused under it
      String name = layout.toHub(entry.name()).orElse(entry.name());
      entries.put(name, entry);
      tensors.put(
          name, new TensorInfo(name, entry.type().name(), entry.shape(), entry.bytes().byteSize()));
    }
  }

  /** The file, under its own names. */
  Gguf file() {
    return file;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Tensor read(String name, DType type) {
    Gguf.Entry entry = entry(name);
    Tensor tensor = Tensor.empty(type, entry.shape());
    Conversion.convert(
        file.path() + ": tensor " + entry.name() + " (" + name + ")",
        entry.type().format().orElseThrow(),
        entry.bytes(),
        adjustment(name, entry.shape()),
        new Conversion.TypedMemory(tensor.segment(), type));
    entry.bytes().unload(); // the file's pages would count as this process's memory
    return tensor;
  }

  @Override
  public Tensor rows(String name, DType type, long from, long count) {
    Gguf.Entry entry = entry(name);
    BlockFormat format = entry.type().format().orElseThrow();
    Tensor target = Tensor.empty(type, count, TensorInfo.rowElements(entry.shape()));
    Conversion.convert(
        file.path() + ": tensor " + entry.name() + " (" + name + ")",
        format,
        // permuted rows lie anywhere within their head
        layout.permuted(name)
            ? entry.bytes()
            : entry
                .bytes()
                .asSlice(format.bytesOf(from * target.size(1)), format.bytesOf(target.count())),
        adjustment(name, entry.shape()).from(from),
        new Conversion.TypedMemory(target.segment(), type));
    entry.bytes().unload();
    return target;
  }

  private Conversion.Adjustment adjustment(String name, long[] shape) {
    if (layout.permuted(name)) {
      return new Conversion.Adjustment(
          shape.length == 1 ? 1 : shape[shape.length - 1], layout::storedRow, 0);
    }
    return layout.added(name) == 0
        ? Conversion.Adjustment.NONE
        : new Conversion.Adjustment(0, row -> row, -layout.added(name));
  }

  @Override
  public MemorySegment stored(String name) {
    return entry(name).bytes();
  }

  private Gguf.Entry entry(String name) {
    Gguf.Entry entry = entries.get(name);
    if (entry == null) {
      throw new BadInput(file.path() + ": has no tensor " + name);
    }
    return entry;
  }

  @Override
  public void close() {
    file.close();
  }
}
