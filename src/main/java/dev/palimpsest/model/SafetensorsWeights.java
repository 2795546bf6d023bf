package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The weights of a Hugging Face folder. */
final class SafetensorsWeights implements StoredWeights {
  /** Where a model that also sees images keeps its decoder, and what the rest begins with. */
  private static final List<String> WRAPPERS =
      List.of("language_model.model.", "model.language_model.");

  private static final List<String> NOT_TEXT =
      List.of(
          "vision_tower.",
          "multi_modal_projector.",
          "model.vision_tower.",
          "model.multi_modal_projector.");

  private final Path folder;
  private final SafetensorsFolder files;
  private final Map<String, Safetensors.Entry> entries = new TreeMap<>();
  private final Map<String, TensorInfo> tensors = new TreeMap<>();

  /** Opens the weights of a folder. */
  static SafetensorsWeights open(Path folder) {
    return new SafetensorsWeights(folder, SafetensorsFolder.open(folder));
  }

  private SafetensorsWeights(Path folder, SafetensorsFolder files) {
    this.folder = folder;
    this.files = files;
    for (Safetensors.Entry entry : files.tensors().values()) {
      // old Llama files carry RoPE's frequencies, which follow from the configuration
      if (entry.name().endsWith(".rotary_emb.inv_freq")
          || NOT_TEXT.stream().anyMatch(entry.name()::startsWith)) {
        continue;
      }
      String name = textName(entry.name());
      entries.put(name, entry);
      tensors.put(
          name, new TensorInfo(name, entry.type().name(), entry.shape(), entry.bytes().byteSize()));
    }
  }

  static String textName(String name) {
    for (String wrapper : WRAPPERS) {
      if (name.startsWith(wrapper)) {
        return "model." + name.substring(wrapper.length());
      }
    }
    return name.equals("language_model.lm_head.weight") ? ModelTensors.HEAD : name;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Tensor read(String name, DType type) {
    Safetensors.Entry entry = entry(name);
    Tensor read = read(folder + ": tensor " + entry.name(), entry, type);
    entry.bytes().unload(); // the file's pages would count as this process's memory
    return read;
  }

  /** A stored tensor's elements in a floating type; F64 goes through F32. */
  static Tensor read(String where, Safetensors.Entry entry, DType type) {
    BlockFormat format = format(where, entry.type());
    Tensor target = Tensor.empty(type, entry.shape());
    Conversion.convert(
        where,
        format,
        entry.bytes(),
        Conversion.Adjustment.NONE,
        new Conversion.TypedMemory(target.segment(), type));
    return target;
  }

  @Override
  public Tensor rows(String name, DType type, long from, long count) {
    Safetensors.Entry entry = entry(name);
    String where = folder + ": tensor " + entry.name();
    BlockFormat format = format(where, entry.type());
    Tensor target = Tensor.empty(type, count, TensorInfo.rowElements(entry.shape()));
    MemorySegment piece =
        entry
            .bytes()
            .asSlice(format.bytesOf(from * target.size(1)), format.bytesOf(target.count()));
    Conversion.convert(
        where,
        format,
        piece,
        Conversion.Adjustment.NONE,
        new Conversion.TypedMemory(target.segment(), type));
    piece.unload();
    return target;
  }

  private static BlockFormat format(String where, DType type) {
    return switch (type) {
      case F64 -> PlainFormats.F64;
      case F32 -> PlainFormats.F32;
      case F16 -> PlainFormats.F16;
      case BF16 -> PlainFormats.BF16;
      case I64, I32, I16, I8, U8, BOOL ->
          throw new BadInput(
              where + " is stored as " + type + "; weights must be F64, F32, F16 or BF16");
    };
  }

  @Override
  public MemorySegment stored(String name) {
    return entry(name).bytes();
  }

  private Safetensors.Entry entry(String name) {
    Safetensors.Entry entry = entries.get(name);
    if (entry == null) {
      throw new BadInput(folder + ": has no tensor " + name);
    }
    return entry;
  }

  @Override
  public void close() {
    files.close();
  }
}
