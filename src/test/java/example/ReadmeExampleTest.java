package example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README.md shows the example that is compiled here, and the example runs. */
class ReadmeExampleTest {
  private static final Path SOURCE = Path.of("src/test/java/example/ReadmeExample.java");

  @Test
  void readme_showsTheSourceWordForWord() throws IOException {
    Matcher shown =
        Pattern.compile("<!-- " + SOURCE + " -->\n```java\n(.*?)```\n", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("README.md")));

    assertThat(shown.find()).isTrue();
    assertThat(shown.group(1)).isEqualTo(Files.readString(SOURCE));
  }

  @Test
  void readme_namesTheCoordinatesOfThePom() throws IOException {
    Matcher pom =
        Pattern.compile(
                "<groupId>(.*?)</groupId>\\s*<artifactId>(.*?)</artifactId>\\s*<version>(.*?)<")
            .matcher(Files.readString(Path.of("pom.xml")));
    assertThat(pom.find()).isTrue();

    assertThat(Files.readString(Path.of("README.md")))
        .contains("<groupId>" + pom.group(1) + "</groupId>")
        .contains("<artifactId>" + pom.group(2) + "</artifactId>")
        .contains("<version>" + pom.group(3) + "</version>");
  }

  @Test
  void main_aTinyModel_printsAnswerScoresAndLedger(@TempDir Path folder) throws IOException {
    for (String name : new String[] {"train", "heldout", "old"}) {
      Files.writeString(folder.resolve(name + ".jsonl"), rows(name));
    }
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      ReadmeExample.main(new String[] {"src/test/resources/checkpoints/llama", folder.toString()});
    } finally {
      System.setOut(before);
    }

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .containsPattern("held out: \\d+\\.\\d\\d -> \\d+\\.\\d\\d nats a token")
        .containsPattern("heldout +gain +8 ")
        .containsPattern("old +retention +8 ")
        .contains("KL(base‖after)");
    assertThat(folder.resolve("run/adapter/adapter_model.safetensors")).isNotEmptyFile();
  }

  private static String rows(String name) {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      rows.append(
          "{\"id\": \"%s-%d\", \"prompt\": \"What is %d plus 1?\", \"completion\": \"%d\"}\n"
              .formatted(name, i, i, i + 1));
    }
    return rows.toString();
  }
}
