package dev.palimpsest.cli;

import dev.palimpsest.merge.GrowJob;
import dev.palimpsest.merge.Grown;
import dev.palimpsest.merge.GrownTokens;
import dev.palimpsest.merge.TokensJob;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A larger model out of a model. */
@Command(
    name = "grow",
    description =
        "Make a model deeper, wider or a mixture, or its vocabulary larger; blocks, width, experts"
            + " and tokens keep what it computes.")
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
    Optional<DType> stored = Optional.ofNullable(type).map(each -> each.type);
    if (options.addsTokens()) {
      run(options.tokens(model, stored, check));
    } else {
      run(new GrowJob(model, options.growth(), stored, check));
    }
  }

  private void run(GrowJob job) {
    try (Progress progress = output.progress()) {
      Grown grown = job.run(out, Places.store(progress)::locate, progress);
      output.print(grown, grown::text);
    }
  }

  private void run(TokensJob job) {
    try (Progress progress = output.progress()) {
      GrownTokens grown = job.run(out, Places.store(progress)::locate, progress);
      output.print(grown, grown::text);
    }
  }
}
