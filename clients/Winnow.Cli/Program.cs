using Winnow.Cli;

return await CommandLine.RunAsync(args);
