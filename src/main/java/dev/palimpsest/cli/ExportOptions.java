package dev.palimpsest.cli;

import dev.palimpsest.merge.ExportJob.Form;
import dev.palimpsest.model.GgufFileType;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** In which form an export is written. */
final class ExportOptions {
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)(KB|MB|GB)");
  private static final Map<String, Double> UNITS = Map.of("KB", 1e3, "MB", 1e6, "GB", 1e9);

  @Option(names = "--format", required = true, description = "hf, gguf, gguf-lora, peft or vllm")
  private String format = "";

  @Option(
      names = "--type",
      description =
          "of the matrices: f32, f16 or bf16, and of a GGUF model q8_0, q4_0, q4_1 or q4_k_m;"
              + " default: the base's, f32 if it is quantised, and for an adapter")
  private @Nullable String type;

  @Option(names = "--shard-size", description = "hf: most of one file, such as 500MB; default: 5GB")
  private @Nullable String shardSize;

  Form form() {
    if (shardSize != null && !format.equals("hf")) {
      throw new BadInput("--shard-size: goes with --format hf");
    }
    return switch (format) {
      case "hf" -> new Form.Hub(new ModelFolder.Form(floatType(), shardBytes()));
      case "gguf" -> new Form.Gguf(ggufType(Arrays.asList(GgufFileType.values())));
      case "gguf-lora" -> {
        GgufFileType factors = ggufType(GgufFileType.PLAIN).orElse(GgufFileType.F32);
        yield new Form.GgufLora(factors);
      }
      case "peft" -> {
        requireF32();
        yield new Form.Peft();
      }
      case "vllm" -> {
        requireF32();
        yield new Form.Vllm();
      }
      default ->
          throw new BadInput("--format " + format + ": known are hf, gguf, gguf-lora, peft, vllm");
    };
  }

  private void requireF32() {
    if (type != null && !type.equalsIgnoreCase("f32")) {
      throw new BadInput("--type " + type + ": PEFT's factors are written in f32");
    }
  }

  private Optional<DType> floatType() {
    return given(List.of(DType.F32, DType.F16, DType.BF16), Enum::name);
  }

  private Optional<GgufFileType> ggufType(List<GgufFileType> known) {
    return given(known, Enum::name);
  }

  /** The value that the user named. */
  private <T> Optional<T> given(List<T> values, Function<T, String> name) {
    String asked = type;
    if (asked == null) {
      return Optional.empty();
    }
    return Optional.of(
        values.stream()
            .filter(each -> name.apply(each).equalsIgnoreCase(asked))
            .findFirst()
            .orElseThrow(
                () ->
                    new BadInput(
                        "--type "
                            + asked
                            + ": --format "
                            + format
                            + " is written in "
                            + values.stream()
                                .map(each -> name.apply(each).toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")))));
  }

  private long shardBytes() {
    if (shardSize == null) {
      return ModelFolder.SHARD_BYTES;
    }
    Matcher size = SIZE.matcher(shardSize.toUpperCase(Locale.ROOT));
    if (!size.matches()) {
      throw new BadInput("--shard-size " + shardSize + ": give a number with KB, MB or GB");
    }
    double unit = UNITS.getOrDefault(size.group(2), 1.0);
    return Math.max(1, Math.round(Double.parseDouble(size.group(1)) * unit));
  }
}
