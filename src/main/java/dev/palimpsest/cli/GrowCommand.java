package dev.palimpsest.cli;

import dev.palimpsest.merge.GrowJob;
import dev.palimpsest.merge.Grown;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A larger model out of a model. */
@Command(
    name = "grow",
    description = "Make a model deeper, wider or a mixture; blocks, width and experts keep what it computes.")
final class GrowCommand implements Runnable {
  @Option(names = "--model", required = true, description = "MODEL, as pull takes it")
  private String model = "";

  @Option(names = "--out", required = true, description = "a new folder")
  private Path out = Path.of("");

  @Option(
      names = "--dtype",
      description = "of the output: fp32, bf16, fp16; default: the base's, fp32 if it is quantised")
  private MergeOptions.@Nullable Stored type;

  @Option(
      names = "--check",
      defaultValue = "logits",
      description = "logits runs both models in fp32, none writes without; default: logits")
  private GrowJob.Check check = GrowJob.Check.LOGITS;

  @Option(names = "--threads", defaultValue = "0", description = "default: all processors")
  private int threads;

  @Mixin private GrowOptions options = new GrowOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    Main.threads(threads);
    GrowJob job =
        new GrowJob(
            model, options.growth(), Optional.ofNullable(type).map(each -> each.type), check);
    try (Progress progress = output.progress()) {
      Grown grown = job.run(out, Places.store(progress)::locate, progress);
      output.print(grown, grown::text);
    }
  }
}
