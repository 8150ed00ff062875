using Winnow.Cli.Lines;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Prelabels;

namespace Winnow.Cli.Prelabels;

/// <summary>Prelabels from lines of JSON.</summary>
internal static class PrelabelLines
{
    public static readonly JsonLines<ImagePrelabel> Form = new(
        "prelabel", StrictJson.Of<ImagePrelabel>(ModelJson.Default), ImagePrelabel.MaxBytes);

    /// <summary>The prelabel of a line, or null and what is wrong with it.</summary>
    public static ImagePrelabel? Read(TextLine line, out string wrong) => Form.Read(line, out wrong);
}
