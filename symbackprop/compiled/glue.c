/*
 * How CPython calls a compiled derivation without losing more time than the derivation takes.
 *
 * Knows no network: a `Bound` holds a function's address, n and the addresses of fixed buffers, and calling it takes some
 * 30 ns; a `Caller` takes the contract's arguments where they are arrays of doubles in one piece, and says NotImplemented
 * to all others. Compiled once for each interpreter, and kept with the compiled derivations.
 */
#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>
#include <stddef.h>
#include <structmember.h>

typedef int (*Function)(ptrdiff_t n, double **pointers);

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Function function;
    ptrdiff_t n;
    double **pointers;
    PyObject *loss, *gradients, *kept;
} Bound;

static PyObject *bound_call(PyObject *self, PyObject *const *args, size_t count, PyObject *names)
{
    Bound *bound = (Bound *)self;
    (void)args;
    if (PyVectorcall_NARGS(count) || names) {
        PyErr_SetString(PyExc_TypeError, "a bound function takes no arguments: change its buffers in place");
        return NULL;
    }
    if (bound->function(bound->n, bound->pointers))
        return PyErr_NoMemory();
    Py_INCREF(bound->gradients);
    return bound->gradients;
}

static int addresses(PyObject *given, double ***found)
{
    Py_ssize_t count = PyTuple_Size(given);
    if (count < 0)
        return -1;
    *found = PyMem_Calloc((size_t)count + 1, sizeof **found);
    if (!*found) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        (*found)[i] = PyLong_AsVoidPtr(PyTuple_GET_ITEM(given, i));
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *bound_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *address, *pointers, *loss, *gradients, *kept;
    Py_ssize_t n;
    (void)names;
    if (!PyArg_ParseTuple(args, "OnO!OOO", &address, &n, &PyTuple_Type, &pointers, &loss, &gradients, &kept))
        return NULL;
    Bound *self = (Bound *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->vectorcall = bound_call;
    self->function = (Function)PyLong_AsVoidPtr(address);
    self->n = n;
    self->loss = Py_NewRef(loss);
    self->gradients = Py_NewRef(gradients);
    self->kept = Py_NewRef(kept);
    if (PyErr_Occurred() || addresses(pointers, &self->pointers)) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void bound_dealloc(PyObject *self)
{
    Bound *bound = (Bound *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(bound->pointers);
    Py_XDECREF(bound->loss);
    Py_XDECREF(bound->gradients);
    Py_XDECREF(bound->kept);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef bound_members[] = {
    {"loss", T_OBJECT_EX, offsetof(Bound, loss), READONLY, "The loss, an array without axes, as of the last call."},
    {"gradients", T_OBJECT_EX, offsetof(Bound, gradients), READONLY, "What each call returns: always the same arrays."},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bound, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot bound_slots[] = {
    {Py_tp_doc, "A compiled function on fixed buffers: call it without arguments."},
    {Py_tp_new, bound_new},
    {Py_tp_dealloc, bound_dealloc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_members, bound_members},
    {0, NULL},
};

static PyType_Spec bound_spec = {
    "symbackprop.Bound", sizeof(Bound), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, bound_slots,
};

#define MOST 64 /* arrays: inputs, targets, the parameters and their gradients, and the loss */

/* An array of doubles in one piece, in the machine's byte order, or NULL for anything else. */
static PyArrayObject *doubles(PyObject *given)
{
    if (!given || !PyArray_CheckExact(given))
        return NULL;
    PyArrayObject *array = (PyArrayObject *)given;
    return PyArray_TYPE(array) == NPY_DOUBLE && PyArray_ISCARRAY_RO(array) ? array : NULL;
}

/* One row or several of that width: their number, or -1. */
static npy_intp rows(PyArrayObject *array, npy_intp width)
{
    if (PyArray_NDIM(array) == 1)
        return PyArray_DIM(array, 0) == width ? 1 : -1;
    int fits = PyArray_NDIM(array) == 2 && PyArray_DIM(array, 1) == width && PyArray_DIM(array, 0) > 0;
    return fits ? PyArray_DIM(array, 0) : -1;
}

/*
 * called(address, keys, templates, widths, parameters, inputs, targets): loss and gradients in new arrays of the
 * templates' shapes; NotImplemented where an argument is not an array of doubles in one piece and of its shape.
 */
static PyObject *called(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    double *pointers[MOST], loss = 0.0;
    Py_ssize_t keys = count == 7 ? PyTuple_GET_SIZE(args[1]) : MOST;
    (void)module;
    if (2 * keys + 3 > MOST || !PyDict_Check(args[4]) || PyDict_GET_SIZE(args[4]) != keys)
        Py_RETURN_NOTIMPLEMENTED;
    PyArrayObject *inputs = doubles(args[5]), *targets = doubles(args[6]);
    npy_intp n = inputs ? rows(inputs, PyLong_AsSsize_t(PyTuple_GET_ITEM(args[3], 0))) : -1;
    if (n < 1 || !targets || rows(targets, PyLong_AsSsize_t(PyTuple_GET_ITEM(args[3], 1))) != n)
        Py_RETURN_NOTIMPLEMENTED;
    pointers[0] = PyArray_DATA(inputs);
    pointers[1] = PyArray_DATA(targets);
    pointers[2 + keys] = &loss;
    for (Py_ssize_t i = 0; i < keys; i++) {
        PyArrayObject *array = doubles(PyDict_GetItemWithError(args[4], PyTuple_GET_ITEM(args[1], i)));
        if (!array || !PyArray_SAMESHAPE(array, (PyArrayObject *)PyTuple_GET_ITEM(args[2], i))) {
            if (PyErr_Occurred())
                return NULL;
            Py_RETURN_NOTIMPLEMENTED;
        }
        pointers[2 + i] = PyArray_DATA(array);
    }
    PyObject *gradients = PyDict_New();
    for (Py_ssize_t i = 0; gradients && i < keys; i++) {
        PyArrayObject *template = (PyArrayObject *)PyTuple_GET_ITEM(args[2], i);
        PyObject *array = PyArray_SimpleNew(PyArray_NDIM(template), PyArray_DIMS(template), NPY_DOUBLE);
        if (!array || PyDict_SetItem(gradients, PyTuple_GET_ITEM(args[1], i), array))
            Py_CLEAR(gradients);
        else
            pointers[3 + keys + i] = PyArray_DATA((PyArrayObject *)array);
        Py_XDECREF(array); /* the dict holds it */
    }
    if (!gradients)
        return NULL;
    if (((Function)PyLong_AsVoidPtr(args[0]))(n, pointers)) {
        Py_DECREF(gradients);
        return PyErr_NoMemory();
    }
    return Py_BuildValue("(dN)", loss, gradients);
}

static PyMethodDef functions[] = {
    {"called", (PyCFunction)(void (*)(void))called, METH_FASTCALL, "Loss and gradients at the contract's arguments."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "symbackprop_glue", NULL, -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_symbackprop_glue(void)
{
    import_array();
    PyObject *made = PyModule_Create(&module);
    PyObject *type = made ? PyType_FromSpec(&bound_spec) : NULL;
    if (!type || PyModule_AddObject(made, "Bound", type)) {
        Py_XDECREF(type);
        Py_XDECREF(made);
        return NULL;
    }
    return made;
}
