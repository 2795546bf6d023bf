package dev.palimpsest.cli;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Encoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the rows of a file become examples. */
final class DataOptions {
  @Option(
      names = "--map",
      description = "names of fields, such as prompt=question,completion=answer")
  private List<String> map = new ArrayList<>();

  @Option(names = "--extra", description = "fields that are passed over, by comma")
  private List<String> extra = new ArrayList<>();

  @Option(names = "--system", description = "system prompt of conversations that have none")
  private @Nullable String system;

  @Option(
      names = "--raw",
      fallbackValue = "true",
      description = "prompt and completion joined as they are, no template")
  private boolean raw;

  @Option(
      names = "--max-length",
      defaultValue = "0",
      description =
          "most tokens of an example, default: the model's context; tune joins texts and cuts"
              + " windows of so many, default: 1024")
  private int maxLength;

  @Option(
      names = "--truncate",
      fallbackValue = "true",
      description = "cut longer examples instead of refusing them")
  private boolean truncate;

  DataSpec of(Path file) {
    return new DataSpec(
        file.toAbsolutePath(),
        map,
        extra,
        Optional.ofNullable(system),
        raw ? Encoder.Form.RAW : Encoder.Form.TEMPLATE,
        maxLength,
        truncate ? Encoder.Overlong.TRUNCATE : Encoder.Overlong.REFUSE);
  }
}
