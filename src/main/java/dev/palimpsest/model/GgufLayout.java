package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How llama.cpp's converter lays out a model's tensors in GGUF, against the Hugging Face layout:
 * other names, query and key rows permuted (llama only), and one added to norms (Gemma).
 */
public final class GgufLayout {
  private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\.(\\w+)\\.(weight|bias)");
  private static final Pattern LAYER =
      Pattern.compile("model\\.layers\\.(\\d{1,6})\\.([\\w.]+)\\.(weight|bias)");

  private static final Map<String, String> OUTSIDE =
      Map.of(
          "token_embd.weight", ModelTensors.EMBEDDING,
          "output_norm.weight", ModelTensors.NORM,
          "output.weight", ModelTensors.HEAD);

  private static final Map<String, String> INSIDE =
      Map.ofEntries(
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"));

  private final Architecture architecture;
  private final int headWidth;
  private final Map<String, String> inside = new TreeMap<>(INSIDE);
  private final Map<String, String> back = new TreeMap<>();

  /** The layout for one architecture and width of attention heads. */
  public GgufLayout(Architecture architecture, int headWidth) {
    this.architecture = architecture;
    this.headWidth = headWidth;
    if (architecture == Architecture.GEMMA3) {
      inside.put("post_attention_norm", "post_attention_layernorm");
      inside.put("ffn_norm", "pre_feedforward_layernorm");
      inside.put("post_ffw_norm", "post_feedforward_layernorm");
    } else {
      inside.put("ffn_norm", "post_attention_layernorm");
    }
    inside.forEach((gguf, hub) -> back.put(hub, gguf));
    OUTSIDE.forEach((gguf, hub) -> back.put(hub, gguf));
  }

  /** Of an attention head: among so many rows those of a permuted tensor change places. */
  int headWidth() {
    return headWidth;
  }

  /** The Hugging Face name of a GGUF tensor, if the architecture has such a tensor. */
  public Optional<String> toHub(String gguf) {
    Matcher block = BLOCK.matcher(gguf);
    if (block.matches()) {
      return Optional.ofNullable(inside.get(block.group(2)))
          .map(part -> "model.layers." + block.group(1) + "." + part + "." + block.group(3));
    }
    return Optional.ofNullable(OUTSIDE.get(gguf));
  }

  /** The GGUF name of a Hugging Face tensor, if there is one. */
  public Optional<String> toGguf(String hub) {
    Matcher layer = LAYER.matcher(hub);
    if (layer.matches()) {
      return Optional.ofNullable(back.get(layer.group(2)))
          .map(part -> "blk." + layer.group(1) + "." + part + "." + layer.group(3));
    }
    return Optional.ofNullable(back.get(hub));
  }

  /**
   * Whether a tensor's rows change places. llama.cpp rotates neighbouring rows of a head in llama
   * models, Hugging Face rotates rows of the first half with those of the second.
   */
  public boolean permuted(String hub) {
    return architecture == Architecture.LLAMA
        && (hub.contains(".self_attn.q_proj.") || hub.contains(".self_attn.k_proj."));
  }

  /** The row of GGUF's tensor that holds a row of a {@linkplain #permuted permuted} one. */
  public long storedRow(long row) {
    long head = row / headWidth;
    long inHead = row % headWidth;
    long half = headWidth / 2;
    return head * headWidth + inHead % half * 2 + inHead / half;
  }

  /**
   * Rows as the file has them; those of a {@linkplain #permuted permuted} tensor change places
   * within their head.
   *
   * @param rows some of the tensor, (rows, columns): whole heads of a permuted one
   */
  public Tensor stored(String hub, Tensor rows) {
    if (permuted(hub)) {
      long columns = rows.count() / rows.size(0);
      return rows.view(rows.size(0) / headWidth, 2, headWidth / 2, columns)
          .transpose(1, 2)
          .contiguous()
          .view(rows.size(0), columns);
    }
    return added(hub) == 0 ? rows : rows.copy().plusInPlace(added(hub));
  }

  /** What the converter added to every element of a tensor. */
  public float added(String hub) {
    return architecture == Architecture.GEMMA3 && hub.endsWith("norm.weight") ? 1 : 0;
  }
}
