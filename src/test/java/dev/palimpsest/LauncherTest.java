package dev.palimpsest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a house of its own, with a Maven and a JDK that only log their calls. */
class LauncherTest {
  @TempDir Path folder;
  private Path home;
  private Path source;

  private record Outcome(int status, String out, String err) {}

  @BeforeEach
  void build() throws IOException {
    home = Files.createDirectories(folder.resolve("a house"));
    Files.copy(Path.of("palimpsest"), home.resolve("palimpsest"));
    executable(home.resolve("palimpsest"));
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    source = Files.createDirectories(home.resolve("src/main")).resolve("A.java");
    Files.writeString(source, "class A {}");
    age(home.resolve("pom.xml"));
    age(source);
    age(home.resolve("src/main"));
    script(
        "mvn", "echo mvn \"$@\" >> LOG; sleep 0.3; mkdir -p target; touch target/palimpsest.jar");
    Files.createDirectories(folder.resolve("jdk/bin"));
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.3\"\n");
    script(
        "jdk/bin/java",
        """
        case "$*" in *AOTCacheOutput=*) exit 0 ;; esac
        printf '<%s>' "$@"; exit 7
        """);
  }

  private static void age(Path path) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(3600)));
  }

  private static void executable(Path file) throws IOException {
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }

  private void script(String name, String body) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(
        file, "#!/bin/sh\n" + body.replace("LOG", folder.resolve("log").toString()) + "\n");
    executable(file);
  }

  private Process start(Path launcher, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().compute("PATH", (key, path) -> folder + ":" + path);
    return builder.start();
  }

  private static Outcome end(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), out, err);
  }

  private Outcome launch(String... arguments) throws Exception {
    return end(start(home.resolve("palimpsest"), arguments));
  }

  private List<String> builds() throws IOException {
    Path log = folder.resolve("log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  @Test
  void launch_firstCall_buildsThenPassesArgumentsAndExitCodeOn() throws Exception {
    Outcome outcome = launch("score", "--data", "a b", "");
    assertThat(outcome.out()).endsWith("palimpsest.jar><score><--data><a b><>");
    assertThat(outcome.out()).startsWith("<").contains("<--enable-native-access=ALL-UNNAMED>");
    assertThat(outcome.status()).isEqualTo(7);
    assertThat(outcome.err().lines()).hasSize(2).allMatch(line -> line.startsWith("palimpsest: "));
    assertThat(builds()).containsExactly("mvn -B -q -DskipTests package");
  }

  @Test
  void launch_again_buildsOnlyWhenASourceIsNewer() throws Exception {
    launch();
    assertThat(launch().err()).isEmpty();
    assertThat(builds()).hasSize(1);
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
    assertThat(launch().err()).contains("sources changed");
    assertThat(builds()).hasSize(2);
  }

  @Test
  void launch_throughALinkFromElsewhere_findsItsHouse() throws Exception {
    Path link =
        Files.createSymbolicLink(
            Files.createDirectories(folder.resolve("bin")).resolve("p"),
            Path.of("../a house/palimpsest"));
    assertThat(end(start(link, "x")).out())
        .endsWith("<" + home.toRealPath() + "/target/palimpsest.jar><x>");
  }

  @Test
  void launch_twoAtOnce_buildOnce() throws Exception {
    Process first = start(home.resolve("palimpsest"), "1");
    Process second = start(home.resolve("palimpsest"), "2");
    assertThat(end(first).status()).isEqualTo(7);
    assertThat(end(second).status()).isEqualTo(7);
    assertThat(builds()).hasSize(1);
  }

  @Test
  void launch_buildFails_saysWhereAndExitsOne() throws Exception {
    script("mvn", "echo '[ERROR] A.java:[1,1] wrong'; exit 1");
    Outcome outcome = launch();
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err().lines().toList().getLast())
        .startsWith("palimpsest: error: the build failed: see ");
    assertThat(outcome.err()).contains("A.java:[1,1] wrong");
  }

  @Test
  void launch_noJdkOfTheVersion_saysSoInOneLine() throws Exception {
    Path launcher = home.resolve("palimpsest");
    String text = Files.readString(launcher);
    Files.writeString(launcher, text.replace("JAVA_VERSION=\"25", "JAVA_VERSION=\"99"));
    Outcome outcome = launch();
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err().strip()).startsWith("palimpsest: error: JDK 25 is missing");
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(builds()).isEmpty();
  }
}
