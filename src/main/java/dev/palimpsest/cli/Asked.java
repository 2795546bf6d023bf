package dev.palimpsest.cli;

import dev.palimpsest.generate.Prompts;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is asked: one of the two. */
final class Asked {
  @Option(names = "--prompt", required = true, description = "one prompt")
  private @Nullable String prompt;

  @Option(names = "--data", required = true, description = "JSONL, Parquet or CSV")
  private @Nullable Path data;

  Prompts prompts(DataOptions options) {
    return data == null
        ? Prompts.of(List.of(String.valueOf(prompt)), options.of(Path.of("")))
        : Prompts.of(options.of(data));
  }
}
